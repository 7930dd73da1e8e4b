// Keyboard, theme, charts. Pages work without it, except for the charts.
"use strict";
const $ = (query, root = document) => root.querySelector(query), all = (query, root = document) => [...root.querySelectorAll(query)];

// --- theme
const dark = () => getComputedStyle(document.documentElement).colorScheme === "dark" ||
  (!document.documentElement.dataset.theme && matchMedia("(prefers-color-scheme: dark)").matches);
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-theme-switch]")) {
    const next = dark() ? "light" : "dark";
    document.documentElement.dataset.theme = next;
    localStorage.setItem("theme", next);
    draw();
  }
  const opener = event.target.closest("[data-open]");
  if (opener) $(opener.dataset.open).showModal();
  if (event.target.closest("[data-close]")) event.target.closest("dialog").close();
});

// --- forms: filters apply as they change; a choice of rows counts itself
document.addEventListener("change", (event) => {
  const form = event.target.closest("form.filters");
  if (form && event.target.type !== "search" && !event.target.closest(".pop")) form.requestSubmit();
  if (event.target.matches("[data-all]")) all("tbody input[type=checkbox]").forEach((box) => { box.checked = event.target.checked; });
  count();
});
function count() {
  const chosen = all("tbody input[type=checkbox]:checked").length;
  all("[data-count]").forEach((spot) => { spot.textContent = chosen ? `${chosen} chosen` : "none chosen"; });
}

// --- keyboard: j and k through the rows, Enter opens, x chooses, a signs, / searches, ? helps
const rows = () => all("table[data-rows] tbody tr[tabindex]");
function go(step) {
  const list = rows();
  if (!list.length) return;
  const at = list.indexOf(document.activeElement.closest("tr[tabindex]"));
  const next = list[Math.min(Math.max(at + step, 0), list.length - 1)];
  list.forEach((row) => row.classList.toggle("at", row === next));
  next.focus();
  next.scrollIntoView({ block: "nearest" });
}
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape") { const found = $("#found"); if (found) found.replaceChildren(); document.activeElement.blur(); return; }
  if (event.target.matches("input:not([type=checkbox]), select, textarea")) return;
  const row = document.activeElement.closest("tr[tabindex]");
  if (event.key === "j") go(1);
  else if (event.key === "k") go(-1);
  else if (event.key === "/") { event.preventDefault(); const field = $("#q"); if (field) field.focus(); }
  else if (event.key === "?") { const help = $("#help"); if (help) help.showModal(); }
  else if (event.key === "Enter" && row && document.activeElement === row) { const link = $("a[href]", row); if (link) link.click(); }
  else if (event.key === "x" && row) { const box = $("input[type=checkbox]", row); if (box) { box.checked = !box.checked; count(); } }
  else if (event.key === "a") {
    const button = $("[data-approve]");
    if (!button) return;
    const box = row && $("input[type=checkbox]", row);
    if (box && !all("tbody input[type=checkbox]:checked").length) box.checked = true;
    count();
    button.focus();
  }
});

// --- charts: data beside the element, options here
function colours() {
  const style = getComputedStyle(document.documentElement), probe = document.createElement("i");
  document.body.append(probe);
  const resolved = {};
  for (const name of ["text", "soft", "line", "accent", "good", "warn", "bad", "card", "raised"]) {
    probe.style.color = `var(--${name})`;
    resolved[name] = getComputedStyle(probe).color;
  }
  probe.remove();
  return { ...resolved, font: style.fontFamily };
}
function base(c, names) {
  return {
    animation: false, aria: { enabled: true }, textStyle: { fontFamily: c.font, color: c.text },
    legend: { data: names, textStyle: { color: c.text }, top: 0, type: "scroll", itemWidth: 18, itemHeight: 8 },
    tooltip: { trigger: "axis", renderMode: "richText", backgroundColor: c.card, borderColor: c.line, textStyle: { color: c.text, fontSize: 12 } },
    grid: { left: 52, right: 18, top: 58, bottom: 34 },
  };
}
const axes = (c, days, name) => ({
  xAxis: { type: "category", data: days, axisLine: { lineStyle: { color: c.line } }, axisLabel: { color: c.soft } },
  yAxis: { type: "value", name, nameTextStyle: { color: c.soft, align: "left" }, axisLabel: { color: c.soft }, splitLine: { lineStyle: { color: c.line, opacity: 0.6 } } },
});
const line = (name, data, color, extra = {}) => ({ name, type: "line", data, showSymbol: false, itemStyle: { color }, lineStyle: { color, width: 1.6 }, ...extra });

const shaded = (c, days, marked) => ({ silent: true, itemStyle: { color: c.bad, opacity: 0.13 },
  data: marked.map((out, at) => out && [{ xAxis: days[at] }, { xAxis: days[Math.min(at + 1, days.length - 1)] }]).filter(Boolean) });

const kinds = {
  history(c, d) {
    const names = [["books", "Stock in the books", c.soft], ["erp", "Under the ERP's rule", c.warn], ["ours", "Under ours", c.accent]].filter(([key]) => d.sides[key]);
    const series = names.map(([key, name, color]) => line(name, d.sides[key].stock, color, { step: "end" }));
    if (series.length) series[0].markArea = shaded(c, d.days, d.stockout);
    series.push({ name: "Demand", type: "bar", data: d.demand, xAxisIndex: 1, yAxisIndex: 1, itemStyle: { color: c.soft } });
    const ours = d.sides.ours || d.sides.erp;
    if (ours) series.push({ name: "Orders under ours", type: "scatter", symbol: "triangle", symbolSize: 8, itemStyle: { color: c.accent },
      data: ours.ordered.map((units, at) => (units > 0 ? [d.days[at], ours.stock[at], units] : null)).filter(Boolean) });
    const top = axes(c, d.days, "units on hand"), low = axes(c, d.days, "a day");
    return { ...base(c, series.map((one) => one.name)), series, grid: [{ left: 56, right: 18, top: 58, height: "48%" }, { left: 56, right: 18, top: "74%", bottom: 62 }],
      xAxis: [{ ...top.xAxis, axisLabel: { show: false } }, { ...low.xAxis, gridIndex: 1 }], yAxis: [top.yAxis, { ...low.yAxis, gridIndex: 1, splitNumber: 2 }],
      dataZoom: [{ type: "inside", xAxisIndex: [0, 1] }, { type: "slider", xAxisIndex: [0, 1], height: 18, bottom: 8, textStyle: { color: c.soft } }], axisPointer: { link: [{ xAxisIndex: "all" }] } };
  },
  fan(c, d) {
    const band = (low, high, name, opacity) => [
      line(`${name} from`, low, c.accent, { stack: name, step: "middle", lineStyle: { opacity: 0 }, tooltip: { show: false } }),
      line(name, high.map((value, at) => value - low[at]), c.accent, { stack: name, step: "middle", lineStyle: { opacity: 0 }, areaStyle: { color: c.accent, opacity } })];
    const series = [...band(d.low, d.high, "90% of days", 0.14), ...band(d.q25, d.q75, "50% of days", 0.24), line("Median", d.median, c.accent, { step: "middle" }), line("Mean", d.mean, c.text, { lineStyle: { type: "dashed", width: 1.2, color: c.text } })];
    return { ...base(c, ["90% of days", "50% of days", "Median", "Mean"]), ...axes(c, d.days, "units"), series };
  },
  projection(c, d) {
    const p = d.projection, flat = (value) => p.days.map(() => value);
    const series = [line("Without the order", p.stock, c.warn, { step: "end" }), line("With it", p.with_order, c.accent, { step: "end" }),
      line("Reorder point", flat(d.reorder_point), c.soft, { lineStyle: { type: "dashed", width: 1, color: c.soft } }),
      { name: "Arrives", type: "bar", data: p.arriving, itemStyle: { color: c.good }, barMaxWidth: 8 }];
    return { ...base(c, series.map((one) => one.name)), ...axes(c, p.days, "units on hand"), series };
  },
  corrected(c, d) {
    const series = [{ name: "In the books", type: "bar", data: d.booked, itemStyle: { color: c.soft }, markArea: shaded(c, d.days, d.empty) },
      line("Used", d.used, c.accent, { step: "middle" })];
    return { ...base(c, series.map((one) => one.name)), ...axes(c, d.days, "units a day"), series, dataZoom: [{ type: "inside" }] };
  },
  weekly(c, d) {
    const names = { recorded: ["Books", c.soft], incumbent: ["ERP's rule", c.warn], candidate: ["Studied", c.accent] };
    const days = [...new Set(d.map((row) => row.day))];
    const series = Object.entries(names).map(([policy, [name, color]]) => {
      const by = Object.fromEntries(d.filter((row) => row.policy === policy).map((row) => [row.day, row.stock_value]));
      return line(name, days.map((day) => by[day] ?? null), color);
    });
    return { ...base(c, series.map((one) => one.name)), ...axes(c, days, "stock value"), series };
  },
};
const drawn = new Map();
async function draw() {
  if (!window.echarts) return;
  const c = colours();
  for (const spot of all("[data-chart]")) {
    let data = spot.dataset.from ? drawn.get(spot)?.data : JSON.parse($(spot.dataset.json).textContent);
    if (!data) {
      const answer = await fetch(spot.dataset.from, { headers: { Accept: "application/json" } });
      if (!answer.ok) { spot.textContent = "The past of this SKU could not be replayed."; continue; }
      data = await answer.json();
    }
    drawn.get(spot)?.chart.dispose();
    spot.classList.remove("wait");
    const chart = window.echarts.init(spot, null, { renderer: "canvas" });
    chart.setOption(kinds[spot.dataset.chart](c, data));
    drawn.set(spot, { chart, data });
    spot.setAttribute("role", "img");
  }
}
addEventListener("resize", () => drawn.forEach(({ chart }) => chart.resize()));
count();
draw();
