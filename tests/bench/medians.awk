# From the lines of labels.tsv (subject, label) and runs.tsv (subject, connections, round, requests, requests/s,
# p50, p99, errors, CPU, memory) to one line for each subject and number of connections:
#     connections subject label runs requests/s ratio p50 p99 errors CPU memory
# Medians; of the errors the sum, of the memory the largest. The ratio is to the empty program's requests/s.
BEGIN { FS = OFS = "\t" }

FNR == NR {
    subjects[++subject_count] = $1
    label[$1] = $2
    next
}

{
    key = $1 SUBSEP $2
    if (!seen[$2]++)
        counts[++count_count] = $2
    run = ++runs[key]
    rate[key, run] = $5
    p50[key, run] = $6
    p99[key, run] = $7
    errors[key] += $8
    cpu[key, run] = $9
    if ($10 > memory[key])
        memory[key] = $10
}

# Of values[key, 1] to values[key, runs[key]].
function median(values, key,    sorted, n, i, j, value) {
    n = runs[key]
    for (i = 1; i <= n; i++) {
        value = values[key, i]
        for (j = i - 1; j >= 1 && sorted[j] > value; j--)
            sorted[j + 1] = sorted[j]
        sorted[j + 1] = value
    }
    return n % 2 ? sorted[(n + 1) / 2] : (sorted[n / 2] + sorted[n / 2 + 1]) / 2
}

function sort_counts(    i, j, count) {
    for (i = 2; i <= count_count; i++) {
        count = counts[i]
        for (j = i - 1; j >= 1 && counts[j] + 0 > count + 0; j--)
            counts[j + 1] = counts[j]
        counts[j + 1] = count
    }
}

END {
    sort_counts()
    for (i = 1; i <= count_count; i++) {
        empty = median(rate, "empty" SUBSEP counts[i])
        for (j = 1; j <= subject_count; j++) {
            key = subjects[j] SUBSEP counts[i]
            print counts[i], subjects[j], label[subjects[j]], runs[key], median(rate, key),
                sprintf("%.2f", median(rate, key) / empty), median(p50, key), median(p99, key), errors[key],
                sprintf("%.1f", median(cpu, key)), memory[key]
        }
    }
}
