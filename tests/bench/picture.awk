# facts.tsv and medians.tsv as a picture (SVG): a row for each subject, a column for each figure.
BEGIN {
    FS = "\t"
    left = 250
    top = 92
    row_height = 48
    panel_width = 250
    panel_gap = 30
    bar_room = 190 # the rest is for the number at the bar's end
    ours = "#0b7a75"
    others = "#8a8d91"
}

FILENAME ~ /facts.tsv$/ {
    fact[$1] = $2
    next
}

{
    if (!($2 in label)) {
        subjects[++subject_count] = $2
        label[$2] = $3
    }
    if (!seen[$1]++)
        counts[++count_count] = $1
    rate[$2, $1] = $5
    if ($5 > most_rate)
        most_rate = $5
    if ($1 == 64) {
        set_figure(1, $2, $10)
        set_figure(2, $2, $8 / 1000)
        set_figure(3, $2, $11 / 1024)
    }
}

function set_figure(panel, subject, value) {
    figure[panel, subject] = value
    if (value > most[panel])
        most[panel] = value
}

function escaped(text) {
    gsub(/&/, "\\&amp;", text)
    gsub(/</, "\\&lt;", text)
    gsub(/>/, "\\&gt;", text)
    return text
}

function text(x, y, style, content) {
    printf "<text x=\"%d\" y=\"%d\" %s>%s</text>\n", x, y, style, escaped(content)
}

function bar(x, y, height, part, colour, opacity, number) {
    printf "<rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\" rx=\"1.5\" fill=\"%s\" fill-opacity=\"%s\"/>\n",
        x, y, part * bar_room < 1 ? 1 : part * bar_room, height, colour, opacity
    text(x + part * bar_room + 5, y + (height < 12 ? height - 1 : height / 2 + 4),
        "font-size=\"" (height < 12 ? 10 : 12) "\" fill=\"#333\"", number)
}

function thousands(number,    digits, out) {
    digits = sprintf("%d", number)
    while (length(digits) > 3) {
        out = "," substr(digits, length(digits) - 2) out
        digits = substr(digits, 1, length(digits) - 3)
    }
    return digits out
}

function colour_of(subject) {
    return subject ~ /^(nginx|empty|php_)/ ? others : ours
}

function panel_left(panel) {
    return left + panel * (panel_width + panel_gap)
}

function draw_heads(    i, names) {
    split("requests/s, more is better|worker CPU for one request, µs|99th percentile, ms|" \
        "private memory of a worker, MiB", names, "|")
    for (i = 1; i <= 4; i++) {
        text(panel_left(i - 1), top - 22, "font-size=\"13\" font-weight=\"bold\" fill=\"#222\"", names[i])
        text(panel_left(i - 1), top - 7, "font-size=\"11\" fill=\"#666\"",
            i == 1 ? rate_note() : "64 connections, less is better")
    }
}

function rate_note(    i, note) {
    for (i = 1; i <= count_count; i++)
        note = note (i == 1 ? "" : ", ") counts[i]
    return "from top to bottom: " note " connections"
}

function draw_row(number,    subject, y, i, key, height) {
    subject = subjects[number]
    y = top + (number - 1) * row_height
    if (number % 2)
        printf "<rect x=\"8\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"#f4f6f6\"/>\n", y, width - 16, row_height
    text(20, y + row_height / 2 + 5, "font-size=\"14\" fill=\"#111\"", label[subject])
    height = int((row_height - 12) / count_count) - 1
    for (i = 1; i <= count_count; i++)
        bar(panel_left(0), y + 6 + (i - 1) * (height + 1), height, rate[subject, counts[i]] / most_rate,
            colour_of(subject), counts[i] == 64 ? 1 : 0.5, thousands(rate[subject, counts[i]]))
    for (i = 1; i <= 3; i++)
        bar(panel_left(i), y + row_height / 2 - 8, 16, most[i] ? figure[i, subject] / most[i] : 0,
            colour_of(subject), 1, sprintf(figure[i, subject] < 10 ? "%.2f" : "%.1f", figure[i, subject]))
}

END {
    width = panel_left(3) + panel_width + 20
    height = top + subject_count * row_height + 48
    printf "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" ",
        width, height, width, height
    print "font-family=\"DejaVu Sans, Helvetica, Arial, sans-serif\">"
    printf "<rect width=\"%d\" height=\"%d\" fill=\"white\"/>\n", width, height
    text(20, 34, "font-size=\"20\" font-weight=\"bold\" fill=\"#111\"",
        "session-fcgi behind nginx, and what it is measured against")
    draw_heads()
    for (row = 1; row <= subject_count; row++)
        draw_row(row)
    text(20, height - 28, "font-size=\"11\" fill=\"#666\"", fact["machine"] "; " fact["versions"] "; " fact["date"])
    text(20, height - 12, "font-size=\"11\" fill=\"#666\"", fact["measuring"])
    print "</svg>"
}
