# SPDX-License-Identifier: GPL-2.0-or-later
# gnuplot -c chart.gp DATA PNG: how long the whole commands take, on a scale of powers.
set terminal pngcairo size 860,400 font "DejaVu Sans,10" background "#ffffff"
set output ARG2
set title "Time to list locks with their holders (1,000 processes, 50 fds each; lower is better)"
set style data histograms
set style histogram clustered gap 1
set style fill solid 0.9 border -1
set boxwidth 0.95
set logscale y
set yrange [1:]
set ylabel "milliseconds, powers of ten"
set grid ytics lc rgb "#cccccc"
set key outside top center horizontal
set bmargin 3
set xtics nomirror
set ytics nomirror
set border 3
label(ms) = ms < 9.95 ? sprintf("%.1f ms", ms) : ms < 1000 ? sprintf("%.0f ms", ms) : sprintf("%.1f s", ms / 1000)
plot ARG1 using 2:xtic(1) title columnheader lc rgb "#4c92c3", \
     '' using 3 title columnheader lc rgb "#d95f02", \
     '' skip 1 using ($0 - 0.17):2:(label($2)) with labels offset 0,0.6 notitle, \
     '' skip 1 using ($0 + 0.17):3:(label($3)) with labels offset 0,0.6 notitle
