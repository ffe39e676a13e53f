/* Renewing the pool without losing a request: a reload in the same program, and an upgrade of the program
 * itself. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "buffer.h"
#include "clock.h"
#include "log.h"
#include "memory.h"
#include "pool_internal.h"

extern char **environ;

/* What the old program leaves to the new one: "give,take,signer,pid,pid,…", where the signer is the
 * fingerprint of the secret that its workers sign with, as a number, and one more. The name keeps clear of
 * SESSION_FCGI_ options. */
static const char inheritance[] = "FCGI_POOL_INHERITANCE";

static struct site *load_anew(const struct pool *pool, struct error *error)
{
    struct settings settings;

    if (!settings_parse(pool->start.argc, pool->start.argv, environ, &settings, error))
        return NULL;
    settings.workers = pool->site->settings.workers; /* places and scoreboard are made for so many */
    return site_load(&settings, error);
}

static const unsigned char *signer_of(const struct site *site)
{
    return site->keyring->keys[site->keyring->signer].fingerprint;
}

/* What the old site brought about does not hold the new one up: pauses, and recycled workers that take their
 * time in places that are needed now. */
static void clear_the_way(struct pool *pool)
{
    for (int i = 0; i < pool->place_count; i++) {
        struct pool_place *place = &pool->places[i];
        place->delay = place->start_again_at = 0;
        if (place->leaving && place->kill_at == 0)
            pool_tell_to_leave(pool, place, SIGQUIT);
    }
}

void pool_reload(struct pool *pool)
{
    struct error error;

    if (!pool->generation_told) {
        pool->reload_wanted = true; /* one at a time; pool_retire_old comes back to it */
        return;
    }
    pool->reload_wanted = false;
    struct site *site = load_anew(pool, &error);
    if (site == NULL) {
        log_error("the reload failed, and the pool goes on as before: %s", error.message);
        return;
    }
    /* The present workers do not know a new secret: what is signed with it they would take for forged. */
    keyring_sign_with(site->keyring, signer_of(pool->site));
    site_destroy(pool->site);
    pool->site = site;
    pool->generation++;
    pool->generation_told = false;
    clear_the_way(pool);
    atomic_store(&pool->scoreboard->generation, pool->generation);
    log_notice("reloading: generation %d begins", pool->generation);
}

void pool_note_oldest(struct pool *pool)
{
    int oldest = pool->generation;

    for (int i = 0; i < pool->place_count; i++) {
        if (pool->places[i].pid != 0 && pool->places[i].generation < oldest)
            oldest = pool->places[i].generation;
    }
    if (oldest == pool->generation)
        keyring_sign_with_first(pool->site->keyring); /* for the workers that are started from now on */
    if (oldest == atomic_load(&pool->scoreboard->oldest))
        return;
    atomic_store(&pool->scoreboard->oldest, oldest);
    if (oldest == pool->generation)
        log_notice("generation %d has taken over", oldest);
}

void pool_retire_old(struct pool *pool)
{
    if (pool->generation_told || pool->stopping || pool_count_serving(pool) < pool->site->settings.workers)
        return;
    for (int i = 0; i < pool->place_count; i++) {
        struct pool_place *place = &pool->places[i];
        if (place->pid != 0 && place->generation != pool->generation && !place->leaving)
            pool_tell_to_leave(pool, place, SIGQUIT);
    }
    pool->generation_told = true;
    if (pool->reload_wanted)
        pool_reload(pool);
}

/* Lets the program file check the settings first: a broken one must not take the pool down. */
static bool check_program(const struct pool *pool, struct error *error)
{
    char **argv = memory_allocate_zeroed((size_t)pool->start.argc + 2, sizeof *argv);
    int status;

    memcpy(argv, pool->start.argv, (size_t)pool->start.argc * sizeof *argv);
    argv[pool->start.argc] = memory_copy_string("--check");
    pid_t pid = fork();
    if (pid == 0) {
        sigprocmask(SIG_SETMASK, &pool->worker_mask, NULL);
        execv(pool->start.program, argv);
        log_error("%s cannot be run: %s", pool->start.program, strerror(errno));
        _exit(EXIT_FAILURE);
    }
    free(argv[pool->start.argc]);
    free(argv);
    if (pid < 0)
        return error_set(error, "no process to check the new program with: %s", strerror(errno));
    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR)
            return error_set(error, "the check of the new program cannot be waited for: %s", strerror(errno));
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        return error_set(error, "%s --check failed", pool->start.program);
    return true;
}

static bool set_inherited(int descriptor, bool inherited)
{
    return fcntl(descriptor, F_SETFD, inherited ? 0 : FD_CLOEXEC) == 0;
}

void pool_upgrade(struct pool *pool)
{
    struct error error;
    struct buffer value = {0};
    uint32_t signer;

    _Static_assert(sizeof signer == KEYRING_FINGERPRINT_SIZE, "a fingerprint is a number of 32 bits");
    if (!check_program(pool, &error)) {
        log_error("the upgrade failed, and the pool goes on as before: %s", error.message);
        return;
    }
    memcpy(&signer, signer_of(pool->site), sizeof signer);
    buffer_append_format(&value, "%d,%d,%lld", pool->handover.give, pool->handover.take, signer + 1LL);
    for (int i = 0; i < pool->place_count; i++) {
        if (pool->places[i].pid != 0)
            buffer_append_format(&value, ",%ld", (long)pool->places[i].pid);
    }
    buffer_append(&value, (struct slice){"", 1});
    log_notice("upgrading: %s starts in place", pool->start.program);
    if (setenv(inheritance, value.data, 1) == 0 && set_inherited(pool->handover.give, true) &&
        set_inherited(pool->handover.take, true))
        execv(pool->start.program, pool->start.argv);
    log_error("the upgrade failed, and the pool goes on as before: %s: %s", pool->start.program,
              strerror(errno));
    unsetenv(inheritance);
    if (!set_inherited(pool->handover.give, false) || !set_inherited(pool->handover.take, false))
        log_error("the handover socket stays open in programs that are started: %s", strerror(errno));
    buffer_free(&value);
}

/* Parses one number of the list and moves *text behind it and its comma. */
static bool next_number(const char **text, long *number)
{
    char *end;

    errno = 0;
    *number = strtol(*text, &end, 10);
    if (end == *text || errno != 0 || *number <= 0 || (*end != ',' && *end != '\0'))
        return false;
    *text = *end == ',' ? end + 1 : end;
    return true;
}

/* The old program's workers get places beyond those of the new ones, to be told to leave and waited for. */
static void adopt_worker(struct pool *pool, pid_t pid)
{
    int place = pool->place_count++;

    pool->places = memory_reallocate(pool->places, (size_t)pool->place_count * sizeof *pool->places);
    pool->places[place] = (struct pool_place){.pid = pid, .generation = -1, .started = clock_milliseconds()};
}

bool pool_inherit(struct pool *pool, struct error *error)
{
    const char *value = getenv(inheritance);
    long give, take, number, pid;

    if (value == NULL)
        return handover_open(&pool->handover, error);
    if (!next_number(&value, &give) || !next_number(&value, &take) || !next_number(&value, &number) ||
        !set_inherited((int)give, false) || !set_inherited((int)take, false))
        return error_set(error, "%s is set, and not by an upgrade; unset it", inheritance);
    pool->handover = (struct handover){.give = (int)give, .take = (int)take};
    uint32_t signer = (uint32_t)(number - 1);
    unsigned char fingerprint[KEYRING_FINGERPRINT_SIZE];
    memcpy(fingerprint, &signer, sizeof fingerprint);
    keyring_sign_with(pool->site->keyring, fingerprint);
    while (*value != '\0' && next_number(&value, &pid))
        adopt_worker(pool, (pid_t)pid);
    return unsetenv(inheritance) == 0 ||
           error_set(error, "%s cannot be unset: %s", inheritance, strerror(errno));
}
