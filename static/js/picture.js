// The first picture of a chart: the prepared figure as SVG, without plotly (charts.js).
//
// It shows bars, lines, marks and axes as plotly draws them, in a hundredth of the time. Each bar says its
// bucket and its status in data-bucket and data-status. Figures without layout.meta.labels are not drawn.
(() => {
  const SVG = "http://www.w3.org/2000/svg";
  const PADDED = 0.053; // plotly leaves a twentieth of an axis free
  const DASHES = { dot: "2 3", dash: "7 5" };
  const SIZES = [
    [1e9, "G"],
    [1e6, "M"],
    [1e3, "k"],
  ];
  const brush = document.createElement("canvas").getContext("2d");

  function add(parent, name, attributes, text) {
    const made = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) if (value !== undefined) made.setAttribute(key, value);
    if (text !== undefined) made.textContent = text;
    parent.append(made);
    return made;
  }

  // --- the vertical axis
  function short(value) {
    const [size, letter] = SIZES.find(([least]) => value >= least) ?? [1, ""];
    return Number((value / size).toPrecision(4)) + letter;
  }

  function tickText(axis, value) {
    const text = axis.tickformat?.includes("%") ? `${Number((value * 100).toFixed(3))}%` : short(value);
    return text + (axis.ticksuffix ?? "");
  }

  function evenTicks(axis, top, height) {
    const rough = top / Math.max(2, height / 40);
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map((part) => part * power).find((size) => size >= rough);
    const found = [];
    for (let value = 0; value <= top; value += step) found.push([value, tickText(axis, value)]);
    return found;
  }

  const logTicks = (axis, bottom, top) =>
    axis.tickvals
      .map((value, index) => [value, axis.ticktext[index]])
      .filter(([value]) => Math.log10(value) >= bottom && Math.log10(value) <= top);

  function stackedTop(traces, count) {
    const sums = Array.from({ length: count }, (_, index) =>
      traces.reduce((sum, trace) => sum + (trace.type === "bar" ? trace.y[index] : 0), 0),
    );
    const lines = traces.filter((trace) => trace.type !== "bar").flatMap((trace) => trace.y);
    return Math.max(0, ...sums, ...lines);
  }

  function vertical(traces, layout, count, height) {
    const axis = layout.yaxis;
    if (axis.type === "log") {
      const logs = traces.flatMap((trace) => trace.y.filter((value) => value > 0)).map(Math.log10);
      const low = Math.min(...logs, 1);
      const high = Math.max(...logs, 1);
      const free = (high - low || 1) * PADDED;
      const [bottom, top] = [low - free, high + free];
      const at = (value) => height * (1 - (Math.log10(value) - bottom) / (top - bottom));
      return { at, ticks: logTicks(axis, bottom, top) };
    }
    const top = axis.range?.[1] ?? (stackedTop(traces, count) * (1 + PADDED) || 1);
    return { at: (value) => height * (1 - value / top), ticks: evenTicks(axis, top, height) };
  }

  // --- traces
  function hatch(defs, trace, id) {
    const { shape, fgcolor, fgopacity } = trace.marker.pattern;
    const made = add(defs, "pattern", { id, width: 8, height: 8, patternUnits: "userSpaceOnUse" });
    add(made, "rect", { width: 8, height: 8, fill: trace.marker.color });
    const stroke = { stroke: fgcolor, "stroke-width": 1.2, opacity: fgopacity };
    if (shape === ".") add(made, "circle", { cx: 4, cy: 4, r: 1.6, fill: fgcolor, opacity: fgopacity });
    else add(made, "path", { d: "M-2 2L2-2M0 8L8 0M6 10L10 6", ...stroke });
    if (shape === "x") add(made, "path", { d: "M0 0L8 8", ...stroke });
    return `url(#${id})`;
  }

  function bars(group, traces, frame) {
    const sums = new Array(frame.count).fill(0);
    const width = frame.step * 0.85;
    traces.forEach((trace, order) => {
      const patterned = trace.marker.pattern?.shape;
      const fill = patterned ? hatch(frame.defs, trace, `${frame.id}-p${order}`) : trace.marker.color;
      trace.y.forEach((value, index) => {
        if (!value) return;
        const [foot, head] = [frame.at(sums[index]), frame.at((sums[index] += value))];
        const place = { x: frame.x(index) - width / 2, y: head, width, height: foot - head };
        add(group, "rect", { ...place, fill, "data-bucket": index, "data-status": trace.meta?.status });
      });
    });
  }

  const isNumber = (value) => value !== null && value !== undefined;

  function runs(trace, frame) {
    const found = [];
    let run = [];
    trace.y.forEach((value, index) => {
      if (isNumber(value)) run.push([frame.x(index), frame.at(value)]);
      if ((!isNumber(value) || index === frame.count - 1) && run.length) {
        found.push(run);
        run = [];
      }
    });
    return found;
  }

  function line(group, trace, frame) {
    for (const run of runs(trace, frame)) {
      const d = `M${run.map((point) => point.map((part) => part.toFixed(1)).join(" ")).join("L")}`;
      const foot = frame.at(0).toFixed(1);
      if (trace.fill) add(group, "path", { d: `${d}V${foot}H${run[0][0].toFixed(1)}Z`, fill: trace.fillcolor });
      const stroke = { stroke: trace.line.color, "stroke-width": trace.line.width };
      add(group, "path", { d, fill: "none", ...stroke, "stroke-dasharray": DASHES[trace.line.dash] });
    }
  }

  function marks(group, trace, frame) {
    const { size, color, symbol } = trace.marker;
    const hollow = symbol === "circle-open" ? { fill: "none", stroke: color, "stroke-width": 1.5 } : { fill: color };
    trace.y.forEach((value, index) => {
      if (!isNumber(value)) return;
      const place = trace.x.length === frame.count ? index : frame.labels.indexOf(trace.x[index]);
      add(group, "circle", { cx: frame.x(place), cy: frame.at(value), r: size / 2, ...hollow });
    });
  }

  // --- the whole
  function axes(svg, layout, frame, ticks, { left, right, top, height }) {
    add(svg, "line", { x1: left, x2: left, y1: top, y2: top + height, stroke: layout.yaxis.gridcolor });
    const text = { fill: layout.yaxis.tickfont.color, "font-size": layout.yaxis.tickfont.size };
    for (const [value, name] of ticks) {
      const y = top + frame.at(value);
      add(svg, "line", { x1: left, x2: right, y1: y, y2: y, stroke: layout.yaxis.gridcolor });
      add(svg, "text", { x: left - 4, y: y + 4, "text-anchor": "end", ...text }, name);
    }
    layout.xaxis.tickvals.forEach((place, index) => {
      const [x, y] = [left + frame.x(place), top + height + 16];
      add(svg, "text", { x, y, "text-anchor": "middle", ...text }, layout.xaxis.ticktext[index]);
    });
  }

  // Draws the prepared figure into the plot; false where only plotly can.
  window.drawPicture = (plot, figure) => {
    const { layout } = figure;
    const labels = layout.meta?.labels;
    if (!labels) return false;
    const traces = figure.data.filter((trace) => trace.visible !== false);
    const [width, whole, count] = [plot.clientWidth, layout.height, labels.length];
    const { t: top, r: margin } = layout.margin;
    const height = whole - top - 25;
    const { at, ticks } = vertical(traces, layout, count, height);
    brush.font = `11px ${layout.font.family}`;
    const left = 12 + Math.max(0, ...ticks.map(([, name]) => brush.measureText(name).width));
    const step = (width - left - margin) / count;
    const svg = add(document.createElementNS(SVG, "g"), "svg", { width, height: whole, class: "picture" });
    const defs = add(svg, "defs", {});
    const frame = { at, count, step, labels, defs, id: plot.id, x: (index) => (index + 0.5) * step };
    axes(svg, layout, frame, ticks, { left, right: width - margin, top, height });
    const group = add(svg, "g", { transform: `translate(${left} ${top})` });
    bars(group, traces.filter((trace) => trace.type === "bar"), frame);
    for (const trace of traces.filter((one) => one.type !== "bar")) {
      if (trace.mode.includes("lines")) line(group, trace, frame);
      if (trace.mode.includes("markers")) marks(group, trace, frame);
    }
    plot.replaceChildren(svg);
    return true;
  };
})();
