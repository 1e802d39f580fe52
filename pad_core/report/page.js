// Conditions' colours on a dark page; `twins` maps those of a light one to them.
function dress() {
  const dark = matchMedia('(prefers-color-scheme: dark)').matches;
  for (const plot of document.querySelectorAll('.js-plotly-plot')) {
    plot.data.forEach((trace, i) => {
      const swap = c => Array.isArray(c) ? c.map(swap) : (dark && twins[c] ? twins[c] : c);
      trace.own ??= {m: trace.marker?.color, l: trace.line?.color};
      const change = {};
      if (trace.own.m) change['marker.color'] = [swap(trace.own.m)];
      if (trace.own.l) change['line.color'] = [swap(trace.own.l)];
      if (Object.keys(change).length) Plotly.restyle(plot, change, [i]);
    });
  }
}
addEventListener('load', dress);
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', dress);
