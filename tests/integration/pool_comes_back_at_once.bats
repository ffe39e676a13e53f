#!/usr/bin/env bats
# However workers end, others serve: one slot's pause is not another's, and recycling never leaves the pool without a
# worker, nor a visitor without an answer.

load helper
load faults

setup() {
    new_visitor
}

teardown() {
    show_logs_of_failure
    count_and_stop
}

# ended_workers HOW: how often the log says that a worker was killed and is replaced like this.
ended_workers() {
    grep -Ec "^[^ ]* error .* was ended by signal 9 .*; replaced $1\$" "$STACK/pool.log"
}

@test "young workers that are killed together are replaced after one short pause" {
    start_serving --workers 8
    # shellcheck disable=SC2046
    kill -KILL $(workers_of pool)
    wait_until 30 has_workers pool 8
    [[ $(peer get=/ping answer) == *pong ]]
    # Those that have lived for five seconds, on a slow machine, are replaced at once.
    [[ $(($(ended_workers 'in 100 ms') + $(ended_workers 'at once'))) -eq 8 ]]
}

@test "a worker that ends in order is replaced at once while another slot pauses" {
    start_serving --workers 2
    local steady attempt
    for attempt in 1 2 3; do # a slow machine may be slower than the pause
        wait_until 30 has_workers pool 2
        steady=$(workers_of pool | head -n 1)
        for _ in 1 2 3 4 5 6; do # the sixth pause is one of 3.2 seconds
            kill_other_than "$steady"
        done
        ends_and_is_replaced_within 1600 "$steady" && return
        echo "attempt $attempt: not within half of the pause"
    done
    return 1
}

# has_other_than WORKER: a second one lives. Sets `other`.
has_other_than() {
    other=$(workers_of pool | grep -vxF "$1") && is_running "$other"
}

kill_other_than() {
    local other
    wait_until 30 has_other_than "$1"
    kill -KILL "$other"
    wait_until 30 is_gone "$other"
}

# ends_and_is_replaced_within MILLISECONDS WORKER: the only one leaves, and the next one serves.
ends_and_is_replaced_within() {
    local begin=${EPOCHREALTIME//[.,]/}
    kill -QUIT "$2"
    wait_until 30 is_gone "$2"
    wait_until 30 serves_all
    [[ $(((${EPOCHREALTIME//[.,]/} - begin) / 1000)) -lt $1 ]]
}
