"use strict";
(function () {
  const drawn = JSON.parse(document.getElementById("drawn").textContent);
  const places = Array.from(document.querySelectorAll("[data-chart]"));
  const prefers = window.matchMedia("(prefers-color-scheme: dark)");
  const toggle = document.getElementById("theme");
  const dark = new Map(drawn.palette.map(([light, other]) => [light, other]));
  const PAPER_PX = 640; // the paper's style is not in force yet when the figures are drawn for it
  const settings = { displayModeBar: false, responsive: true };
  let chosen = null; // what the reader chose; null follows the system
  let printing = false;

  const theme = () => (printing ? "light" : chosen || (prefers.matches ? "dark" : "light"));

  // A figure in the colours of a theme: the same mapping as charts.themed.
  function turned(value) {
    if (typeof value === "string") {
      const other = dark.get(value.slice(0, 7));
      return other ? other + value.slice(7) : value;
    }
    if (Array.isArray(value)) return value.map(turned);
    if (value && typeof value === "object") {
      return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, turned(part)]));
    }
    return value;
  }

  function draw(place) {
    if (!place.offsetParent) return; // in a closed panel: drawn when it opens
    const figure = drawn.figures[place.dataset.chart];
    const now = theme();
    const { data, layout } = now === "dark" ? turned(figure) : structuredClone(figure);
    layout.template = drawn.looks[now];
    layout.width = printing ? PAPER_PX : place.clientWidth;
    if (data[0].type === "sankey") Plotly.purge(place); // it would move its old links at leisure
    Plotly.react(place, data, layout, settings);
    place.dataset.drawn = now;
  }

  // What is on screen at once, the rest one by one when the browser is idle.
  let turn = 0;
  function drawAll() {
    const mine = ++turn;
    const near = (place) => place.getBoundingClientRect().top < 2 * window.innerHeight;
    const later = [];
    places.forEach((place) => (printing || near(place) ? draw(place) : later.push(place)));
    const idle = window.requestIdleCallback || ((step) => setTimeout(step, 20));
    const next = () => {
      if (mine !== turn) return; // a newer round has begun
      const place = later.shift();
      if (place) {
        draw(place);
        idle(next);
      } else {
        document.documentElement.dataset.drawn = theme();
      }
    };
    next();
  }

  // A table that is wider than its place can be scrolled by keyboard, and says what it is.
  const scrolls = Array.from(document.querySelectorAll(".scroll, .frame.wide"));
  function fit() {
    scrolls.forEach((place) => {
      const wide = place.scrollWidth > place.clientWidth;
      const named = { tabindex: "0", role: "region", "aria-label": place.dataset.label || "Picture" };
      Object.entries(named).forEach(([name, value]) =>
        wide ? place.setAttribute(name, value) : place.removeAttribute(name),
      );
    });
  }

  function paint() {
    document.documentElement.dataset.theme = theme();
    delete document.documentElement.dataset.drawn;
    if (toggle) {
      const other = theme() === "dark" ? "Light" : "Dark";
      toggle.textContent = other;
      toggle.setAttribute("aria-label", `${other} colours`);
    }
    drawAll();
  }

  if (toggle) {
    toggle.addEventListener("click", () => {
      chosen = theme() === "dark" ? "light" : "dark";
      paint();
    });
  }
  prefers.addEventListener("change", paint);

  let waiting = 0;
  window.addEventListener("resize", () => {
    cancelAnimationFrame(waiting);
    waiting = requestAnimationFrame(() => {
      drawAll();
      fit();
    });
  });

  // Print: light, everything open, as wide as the paper.
  const folds = Array.from(document.querySelectorAll("details"));
  window.addEventListener("beforeprint", () => {
    printing = true;
    folds.forEach((fold) => {
      fold.dataset.was = fold.open ? "open" : "";
      fold.open = true;
    });
    paint();
  });
  window.addEventListener("afterprint", () => {
    printing = false;
    folds.forEach((fold) => {
      fold.open = fold.dataset.was === "open";
    });
    paint();
  });

  // One party's worth at a time.
  const party = document.getElementById("party");
  const panels = Array.from(document.querySelectorAll("[data-panel]"));
  function show() {
    panels.forEach((panel) => {
      panel.hidden = party !== null && panel.dataset.panel !== party.value;
    });
    panels.forEach((panel) => panel.querySelectorAll("[data-chart]").forEach(draw));
  }
  if (party) party.addEventListener("change", show);

  // The filter of the assumptions: words and grades.
  const find = document.getElementById("find");
  if (find) {
    const boxes = Array.from(document.querySelectorAll("#grades input"));
    const found = document.getElementById("found");
    const rows = Array.from(document.querySelectorAll("table.figures tbody tr")).map((row) => ({
      row,
      text: row.textContent.toLowerCase(),
      grade: row.querySelector(".mark").textContent,
    }));
    const filter = () => {
      const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
      const grades = new Set(boxes.filter((box) => box.checked).map((box) => box.value));
      let count = 0;
      rows.forEach(({ row, text, grade }) => {
        const seen = grades.has(grade) && words.every((word) => text.includes(word));
        row.hidden = !seen;
        count += seen ? 1 : 0;
      });
      found.textContent = `${count} of ${rows.length} figures`;
    };
    find.addEventListener("input", filter);
    boxes.forEach((box) => box.addEventListener("change", filter));
    filter(); // a browser may bring back what was typed before
  }

  if (party) show();
  paint();
  fit();
  document.documentElement.dataset.ready = "yes";
})();
