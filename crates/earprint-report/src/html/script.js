"use strict";
// Map and table of the report, answering each other. Everything that is shown goes through textContent: names are never markup.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const names = ["path", "status", "duration", "cluster", "key", "tags", "place", "second", "outlier", "torn", "at", "values", "sections"];
  const tracks = data.tracks.map((row) => Object.fromEntries(names.map((name, i) => [name, row[i]])));
  const byId = (id) => document.getElementById(id);
  const svg = byId("map-svg");
  const PAGE = 100;

  // Text as the documents show it.
  const shown = (text) => text.replace(/[\u0000-\u001f]/g, (c) => String.fromCharCode(0x2400 + c.charCodeAt(0))).replace(/\u007f/g, "\u2421").replace(/[\u0080-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, "\ufffd");
  const cut = (path) => Math.max(path.lastIndexOf("/"), path.includes("/") ? -1 : path.lastIndexOf("\\"));
  const nameOf = (t) => shown(t.path.slice(cut(t.path) + 1).replace(/(.)\.[^.]{1,5}$/u, "$1"));
  const folderOf = (t) => shown(t.path.slice(0, Math.max(cut(t.path), 0)));
  const number = (v, digits) => (Math.abs(v) >= 10 ** digits ? v.toFixed(0) : String(Number(v.toPrecision(digits))));
  const clock = (s) => {
    const all = Math.round(s);
    const two = (n) => String(n).padStart(2, "0");
    const [h, m] = [Math.floor(all / 3600), Math.floor(all / 60) % 60];
    return h > 0 ? `${h}:${two(m)}:${two(all % 60)}` : `${m}:${two(all % 60)}`;
  };
  const dimOf = (name) => data.dims.findIndex((d) => d.name === name);
  const [tempo, loudness] = [dimOf("tempo"), dimOf("loudness")];

  // Elements: `make("td", {class: "num"}, "text", child)`.
  const make = (tag, attributes = {}, ...children) => {
    const own = ["svg", "circle", "polygon", "polyline", "rect", "use", "title"].includes(tag);
    const e = own ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) e.setAttribute(name, value);
    e.append(...children.filter((c) => c !== null));
    return e;
  };
  const bdi = (text) => make("bdi", {}, text);
  const mark = (corners, attributes) =>
    corners ? make("polygon", { points: corners.map((p) => p.join()).join(" "), ...attributes }) : make("circle", { r: 1, ...attributes });
  const badge = (c) => {
    const group = data.clusters[c];
    const look = group ? `h${group.hue} m` : "p-plain m";
    return make("svg", { class: "badge", viewBox: "-1.7 -1.7 3.4 3.4", "aria-hidden": "true" }, mark(group?.corners, { class: look }));
  };
  const pick = (i) => {
    const button = make("button", { type: "button", class: "pick", "data-track": i, title: shown(tracks[i].path) }, bdi(nameOf(tracks[i])));
    return button;
  };

  // What is asked for.
  const asked = { words: [], clusters: new Set(), sort: null, down: false, page: 0, chosen: -1 };
  const texts = tracks.map((t) => [t.path, t.key ?? "", data.clusters[t.cluster]?.name ?? "", ...t.tags.map((g) => g[0])].join("\n").toLowerCase());
  const fits = (i) =>
    (asked.clusters.size === 0 || asked.clusters.has(tracks[i].cluster ?? -1)) && asked.words.every((w) => texts[i].includes(w));
  const keys = {
    name: (t) => nameOf(t).toLowerCase(),
    cluster: (t) => t.cluster,
    duration: (t) => t.duration,
    tempo: (t) => t.values[tempo],
    key: (t) => t.key,
    loudness: (t) => t.values[loudness],
    tags: (t) => t.tags.map((g) => g[0]).join(", ") || null,
    place: (t) => t.place,
    status: (t) => t.status,
  };
  const collator = new Intl.Collator("en", { numeric: true });
  let list = tracks.map((_, i) => i);

  const refresh = () => {
    list = tracks.map((_, i) => i).filter(fits);
    if (asked.sort) {
      const key = tracks.map(keys[asked.sort]);
      const sign = asked.down ? -1 : 1;
      list.sort((a, b) => {
        const [x, y] = [key[a], key[b]];
        // Unknown comes last, whichever way.
        if (x === null || y === null) return (x === null) - (y === null) || a - b;
        return sign * (typeof x === "string" ? collator.compare(x, y) : x - y) || a - b;
      });
    }
    asked.page = 0;
    draw();
  };
  // The map follows what is asked for, not how it is sorted.
  const filter = () => {
    refresh();
    const some = list.length < tracks.length;
    if (points) {
      const on = new Set(list);
      for (const [i, e] of points) e.classList.toggle("off", some && !on.has(i));
      for (const e of svg.querySelectorAll("[data-ring]")) e.classList.toggle("off", some && !on.has(Number(e.dataset.ring)));
    }
    say(`${list.length} of ${tracks.length} tracks`);
  };

  // The table: one page of it at a time.
  const rows = byId("rows");
  const cell = (text, attributes = {}) => make("td", attributes, text === null || text === "" ? "–" : text);
  const row = (i) => {
    const t = tracks[i];
    const group = t.cluster === null ? ["–"] : [badge(t.cluster), bdi(shown(data.clusters[t.cluster].name))];
    if (t.outlier) group.push(make("span", { class: "quiet" }, " unlike the rest"));
    const num = (v, text) => cell(v === null || v === undefined ? null : text(v), { class: "num" });
    return make(
      "tr",
      { "data-i": i, class: i === asked.chosen ? "chosen" : "" },
      make("td", {}, pick(i), make("small", {}, bdi(folderOf(t)))),
      make("td", {}, ...group),
      num(t.duration, clock),
      num(t.values[tempo], (v) => number(v, 3)),
      cell(t.key === null ? null : bdi(shown(t.key))),
      num(t.values[loudness], (v) => number(v, 3)),
      make("td", {}, t.tags.map((g) => shown(g[0])).join(", ")),
      num(t.place, (v) => String(v + 1)),
      cell(t.status, t.status === "ok" ? {} : { class: "bad" }),
    );
  };
  const draw = () => {
    if (!rows) return;
    const pages = Math.max(1, Math.ceil(list.length / PAGE));
    asked.page = Math.min(asked.page, pages - 1);
    const from = asked.page * PAGE;
    rows.replaceChildren(...list.slice(from, from + PAGE).map(row));
    byId("pager").hidden = pages === 1;
    before.disabled = asked.page === 0;
    after.disabled = asked.page === pages - 1;
    const end = Math.min(from + PAGE, list.length);
    where.textContent = `${(from + 1).toLocaleString("en")} to ${end.toLocaleString("en")} of ${list.length.toLocaleString("en")}`;
    counted.textContent = list.length === tracks.length ? "" : `${list.length.toLocaleString("en")} of ${tracks.length.toLocaleString("en")} tracks`;
  };
  const button = (text, act, attributes = {}) => {
    const b = make("button", { type: "button", ...attributes }, text);
    b.addEventListener("click", act);
    return b;
  };
  const turn = (by) => () => {
    asked.page += by;
    draw();
  };
  const [before, after] = [button("Before", turn(-1)), button("Next", turn(1))];
  const where = make("span", { class: "quiet" });
  const counted = make("span", { class: "quiet" });
  byId("pager").append(before, where, after);
  const search = make("input", { type: "search", id: "search", placeholder: "name, folder, tag, key", autocomplete: "off" });
  let waiting = 0;
  search.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      asked.words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
      filter();
    }, 120);
  });
  const all = button("Show all", () => {
    search.value = "";
    asked.words = [];
    asked.clusters.clear();
    for (const b of document.querySelectorAll("#legend button")) b.setAttribute("aria-pressed", "false");
    filter();
  });
  byId("controls").append(make("label", { for: "search" }, "Search"), search, all, counted);
  byId("controls").hidden = tracks.length === 0;
  for (const th of document.querySelectorAll("[data-sort]")) {
    const sort = () => {
      asked.down = asked.sort === th.dataset.sort && !asked.down;
      asked.sort = th.dataset.sort;
      for (const other of document.querySelectorAll("[data-sort]")) other.removeAttribute("aria-sort");
      th.setAttribute("aria-sort", asked.down ? "descending" : "ascending");
      refresh();
    };
    th.replaceChildren(button(th.textContent, sort));
  }

  // The legend filters.
  for (const li of document.querySelectorAll("#legend [data-cluster]")) {
    const c = Number(li.dataset.cluster);
    const b = button("", () => {
      if (!asked.clusters.delete(c)) asked.clusters.add(c);
      b.setAttribute("aria-pressed", String(asked.clusters.has(c)));
      filter();
    }, { "aria-pressed": "false" });
    b.append(...li.childNodes);
    li.append(b);
  }

  // The map.
  const points = svg && new Map([...svg.querySelectorAll("use")].map((e) => [Number(e.dataset.i), e]));
  const said = byId("said");
  const say = (text) => {
    said.textContent = text;
  };
  const tip = byId("tip");
  let over = -1;
  const ring = (i, kind) => {
    const at = tracks[i]?.at;
    return at ? [make("circle", { class: kind, cx: at[0], cy: at[1], r: data.radius + 5 })] : [];
  };
  const rings = () => svg && byId("rings").replaceChildren(...ring(asked.chosen, "chosen"), ...ring(over, "over"));
  const hover = (i) => {
    if (i === over) return;
    over = i;
    rings();
    tip.hidden = i < 0;
    if (i < 0) return;
    const t = tracks[i];
    const group = data.clusters[t.cluster]?.name;
    const more = [group && shown(group), t.values[tempo] != null && `${number(t.values[tempo], 3)} BPM`, t.key && shown(t.key)].filter(Boolean).join(" · ");
    tip.replaceChildren(make("strong", {}, bdi(nameOf(t))), make("br"), more);
    const box = svg.getBoundingClientRect();
    const scale = box.width / svg.viewBox.baseVal.width;
    const [x, y] = [box.left + t.at[0] * scale, box.top + t.at[1] * scale];
    const width = tip.offsetWidth;
    tip.style.left = `${scrollX + Math.max(4, Math.min(x - width / 2, document.documentElement.clientWidth - width - 4))}px`;
    const above = y - tip.offsetHeight - 14;
    tip.style.top = `${scrollY + (above > 4 ? above : y + 16)}px`;
  };
  const live = (i) => tracks[i].at && (list.length === tracks.length || !points.get(i).classList.contains("off"));
  const nearest = (x, y, far) => {
    let [best, least] = [-1, far * far];
    for (let i = 0; i < tracks.length; i++) {
      const at = tracks[i].at;
      if (!at) continue;
      const d = (at[0] - x) ** 2 + (at[1] - y) ** 2;
      if (d <= least && live(i)) [best, least] = [i, d];
    }
    return best;
  };
  const under = (event) => {
    const box = svg.getBoundingClientRect();
    const scale = svg.viewBox.baseVal.width / box.width;
    return nearest((event.clientX - box.left) * scale, (event.clientY - box.top) * scale, 22 * scale);
  };
  // The nearest track within an eighth of a turn of the arrow.
  const toward = (i, dx, dy) => {
    const from = tracks[i].at;
    let [best, least] = [i, Infinity];
    for (let j = 0; j < tracks.length; j++) {
      const at = tracks[j].at;
      if (!at || j === i || !live(j)) continue;
      const [x, y] = [at[0] - from[0], at[1] - from[1]];
      const along = x * dx + y * dy;
      const d = x * x + y * y;
      if (along > 0 && along * along * 2 >= d && d < least) [best, least] = [j, d];
    }
    return best;
  };
  if (svg) {
    for (const title of svg.querySelectorAll("use > title")) title.remove();
    svg.classList.add("live");
    svg.setAttribute("tabindex", "0");
    svg.setAttribute("role", "application");
    svg.setAttribute("aria-label", "Map of the tracks. Arrow keys go to the next track in their direction, Enter chooses it, Escape leaves. The table lists the same tracks.");
    svg.addEventListener("pointermove", (e) => hover(under(e)));
    svg.addEventListener("pointerleave", () => hover(-1));
    // What is ringed is what is meant; fingers ring nothing first.
    svg.addEventListener("click", (e) => choose(over >= 0 ? over : under(e)));
    svg.addEventListener("blur", () => hover(-1));
    const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    svg.addEventListener("keydown", (e) => {
      if (arrows[e.key]) {
        const start = over >= 0 ? over : asked.chosen;
        const known = start >= 0 && tracks[start].at;
        const next = known ? toward(start, ...arrows[e.key]) : nearest(svg.viewBox.baseVal.width / 2, svg.viewBox.baseVal.height / 2, 1e6);
        if (next >= 0) {
          hover(next);
          say(nameOf(tracks[next]));
        }
      } else if (e.key === "Enter" && over >= 0) choose(over);
      else if (e.key === "Escape") hover(-1);
      else return;
      e.preventDefault();
    });
    if (data.order.length > 1 && data.order.length <= 1000) {
      const box = make("input", { type: "checkbox", id: "show-order" });
      box.addEventListener("change", () => {
        const at = data.order.map((i) => tracks[i].at).filter(Boolean);
        byId("order-line").replaceChildren(...(box.checked ? [make("polyline", { points: at.map((p) => p.join()).join(" ") })] : []));
      });
      byId("map-figure").append(make("label", { for: "show-order" }, box, " Draw the listening order"));
    }
  }

  // The chosen track.
  const detail = byId("detail");
  const hint = () => detail.replaceChildren(make("p", { class: "quiet" }, "Choose a track on the map or in the table to see what is known of it."));
  const strip = (t) => {
    const end = t.sections[t.sections.length - 1][1];
    const parts = t.sections.map(([from, to, label, role, high]) =>
      make("rect", { x: (from / end) * 300, y: 40 * (1 - high), width: Math.max(((to - from) / end) * 300 - 1, 0.5), height: 40 * high, class: `h${data.roles[role][1]}` },
        make("title", {}, shown(`${label} ${data.roles[role][0]}, ${clock(from)} to ${clock(to)}`))));
    const words = t.sections.map(([from, , label, role]) => `${clock(from)} ${label} ${data.roles[role][0]}`).join(", ");
    return [make("h4", {}, "Sections"), make("svg", { viewBox: "0 0 300 40", role: "img", "aria-label": shown(words) }, ...parts), make("p", { class: "quiet" }, make("small", {}, shown(words)))];
  };
  const choose = (i) => {
    asked.chosen = i;
    rings();
    const at = list.indexOf(i);
    if (i >= 0 && at >= 0 && Math.floor(at / PAGE) !== asked.page) {
      asked.page = Math.floor(at / PAGE);
      draw();
    }
    for (const tr of rows?.children ?? []) tr.classList.toggle("chosen", Number(tr.dataset.i) === i);
    if (i < 0) return hint();
    const t = tracks[i];
    const facts = [t.duration != null && clock(t.duration), t.key && shown(t.key), t.status !== "ok" && t.status, t.torn && "torn from its nearest on the map"].filter(Boolean).join(" · ");
    const parts = [make("h3", {}, bdi(nameOf(t))), make("p", { class: "quiet" }, make("small", {}, bdi(shown(t.path)))), make("p", {}, facts)];
    if (t.cluster !== null) {
      parts.push(make("p", {}, badge(t.cluster), bdi(shown(data.clusters[t.cluster].name)), t.outlier ? ", but unlike the rest of it" : ""));
    }
    if (t.second) {
      const [c, further, because] = t.second;
      const why = because.length ? ` because of ${because.map((b) => shown(b).replaceAll("_", " ")).join(", ")}` : "";
      parts.push(make("p", { class: "quiet" }, "Second choice: ", badge(c), bdi(shown(data.clusters[c].name)), `, ${number(further, 2)} further${why}`));
    }
    if (t.tags.length) parts.push(make("p", {}, t.tags.map((g) => `${shown(g[0])} ${number(g[1], 2)}`).join(" · ")));
    if (t.place !== null) {
      const line = make("p", {}, `Place ${t.place + 1} of ${data.order.length}`);
      const side = (j, word) => j !== undefined && line.append(`, ${word} `, pick(j));
      side(data.order[t.place - 1], "after");
      side(data.order[t.place + 1], "before");
      parts.push(line);
    }
    if (t.sections.length) parts.push(...strip(t));
    const body = data.dims.map((d, n) => {
      const v = t.values[n];
      const z = v !== null && d.deviation ? (v - d.mean) / d.deviation : null;
      const bar = make("td", { class: "bar" });
      if (z !== null) {
        const fill = make("i", { class: z < 0 ? "below" : "above", title: `${z >= 0 ? "+" : ""}${z.toFixed(1)} deviations` });
        fill.style.cssText = `${z < 0 ? "right" : "left"}:50%;width:${Math.min(Math.abs(z) / 3, 1) * 50}%`;
        bar.append(fill);
      }
      const text = v === null ? "unknown" : `${number(v, 3)} ${d.unit}`;
      return make("tr", {}, make("th", { scope: "row" }, d.name.replaceAll("_", " ")), make("td", { class: "num" }, text), bar);
    });
    parts.push(make("h4", {}, "Numbers, and how far from the mean of the collection"), make("table", {}, make("tbody", {}, ...body)));
    detail.replaceChildren(...parts);
    say(`${nameOf(t)} chosen`);
  };

  // Names anywhere on the page choose their track.
  for (const span of document.querySelectorAll("span.pick")) {
    if (!span.closest("#rows")) span.replaceWith(pick(Number(span.dataset.track)));
  }
  document.addEventListener("click", (e) => {
    const hit = e.target.closest("[data-track]");
    if (!hit) return;
    choose(Number(hit.dataset.track));
    if (!hit.closest("#detail") && !hit.closest("#table") && svg) byId("map").scrollIntoView();
  });
  if (tracks.length) {
    detail.hidden = false;
    hint();
  }
  draw();
})();
