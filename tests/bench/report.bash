write_reports() { cat "$results/runs.tsv"; echo "start $start_milliseconds empty $empty_processes"; }
