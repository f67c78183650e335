/* SPDX-License-Identifier: BSD-3-Clause */
"use strict";
(() => {
const PAGE = 4096;
const RIPAS = ["EMPTY", "RAM", "DESTROYED", "-"];
const HIPAS = ["UNASSIGNED", "ASSIGNED", "TABLE", "UNASSIGNED_NS", "ASSIGNED_NS"];
const GRANULES = ["UNDELEGATED", "DELEGATED", "RD", "REC", "REC_AUX", "DATA", "RTT"];
const HOST = ["page-table pages", "guest_memfd pages", "user pages", "kernel pages", "slab objects", "locks held"];
const REALM_STATES = ["NEW", "ACTIVE", "SYSTEM_OFF"];
const MAX_ROWS = 200;   /* of a list at first; a button shows more */
const MAX_RUNS = 1000;
const MAX_SEGMENTS = 4000;
const CHECKPOINT = 32;  /* steps between maps that are kept whole */
const MAP_HEIGHT = 420;
const $ = id => document.getElementById(id);

const hex = n => "0x" + n.toString(16).padStart(8, "0");
const size = n => {
	for (const [unit, bytes] of [["T", 2 ** 40], ["G", 2 ** 30], ["M", 2 ** 20], ["K", 1024]])
		if (n >= bytes && n % bytes === 0)
			return n / bytes + unit;
	return n + "";
};
const element = (name, text, className) => {
	const e = document.createElement(name);
	if (text !== undefined)
		e.textContent = text;
	if (className)
		e.className = className;
	return e;
};
/* At most MAX_ROWS of `count` rows, and a button for as many more. */
function fill(parent, count, make, from = 0) {
	const end = Math.min(count, from + MAX_ROWS);
	for (let i = from; i < end; i++)
		parent.append(make(i));
	if (end === count)
		return;
	const button = element("button", `${count - end} more`);
	const row = parent.tagName === "TBODY" ? element("tr") : parent.tagName === "DIV" ? element("p") : element("li");
	const cell = parent.tagName === "TBODY" ? row.appendChild(element("td")) : row;
	if (parent.tagName === "TBODY")
		cell.colSpan = 6;
	button.type = "button";
	button.onclick = () => {
		row.remove();
		fill(parent, count, make, end);
	};
	cell.append(button);
	parent.append(row);
}

const dark = window.matchMedia("(prefers-color-scheme: dark)");
const index = JSON.parse($("index").textContent);
const bad = run => run.status !== "passed" && run.status !== "skipped";
index.runs.forEach((run, i) => run.number = i);

/* --- one run: its steps, and the maps rebuilt from what changed ------------------------------------- */

const decode = code => ({hipas: code % 5, ripas: Math.floor(code / 5) % 4, level: Math.floor(code / 20) - 1});
const backed = state => state.hipas === 1 || state.hipas === 4;
const unprotected = state => state.hipas >= 3;

class Run {
	constructor(entry) {
		this.entry = entry;
		const data = $("run" + entry.number);
		this.data = data ? JSON.parse(data.textContent) : null;
		this.steps = this.data ? this.data.steps : [];
		this.kept = new Map();
		this.bad = this.steps.findIndex(step => step.bad);
	}
	/* Of `realm` after step `at`: bases and codes of its intervals, tables, and what the realm is. */
	state(realm, at) {
		const near = this.near;
		let from = at, state = null;
		if (near && near.realm === realm && near.at === at)
			return near.state;
		if (near && near.realm === realm && near.at === at - 1) {
			state = near.state;
			from = at - 2;
		}
		for (; from >= 0 && !state; from--)
			state = this.kept.get(realm + "/" + from);
		from = state ? from + 2 : 0;
		state = state || {exists: false, intervals: [], tables: [], width: 0, start: 0, state: 0};
		for (let i = from; i <= at; i++) {
			const change = this.steps[i].m ? this.steps[i].m[realm] : 0;
			if (change) {
				const [start, removed, ...added] = change.d, pairs = [];
				const [tableStart, tableRemoved, ...tableAdded] = change.t, tables = [];
				for (let j = 0; j < added.length; j += 2)
					pairs.push([added[j], added[j + 1]]);
				for (let j = 0; j < tableAdded.length; j += 3)
					tables.push({level: tableAdded[j], base: tableAdded[j + 1], pa: tableAdded[j + 2]});
				state = {
					exists: !!change.x, width: change.w, start: change.l, state: change.s, cut: !!change.c,
					intervals: state.intervals.slice(0, start).concat(pairs, state.intervals.slice(start + removed)),
					tables: state.tables.slice(0, tableStart).concat(tables, state.tables.slice(tableStart + tableRemoved)),
				};
			}
			if (i % CHECKPOINT === 0)
				this.kept.set(realm + "/" + i, state);
		}
		this.near = {realm, at, state};
		return state;
	}
	/* The books stay as they were where a step has none: it died, or it only looked. */
	book(at, key) {
		for (; at >= 0; at--)
			if (this.steps[at][key] && this.steps[at][key].length)
				return this.steps[at][key];
		return [];
	}
}
const spaceEnd = state => 2 ** state.width / PAGE;
const intervalEnd = (state, i) => i + 1 < state.intervals.length ? state.intervals[i + 1][0] : spaceEnd(state);
function findInterval(state, page) {
	let low = 0, high = state.intervals.length;
	while (low < high) {
		const middle = (low + high) >> 1;
		if (state.intervals[middle][0] <= page)
			low = middle + 1;
		else
			high = middle;
	}
	return low - 1;
}

/* --- what is shown ---------------------------------------------------------------------------------- */

let run = null, step = 0, realm = 0, axis = null;
const runs = new Map();

function stateName(code) {
	const s = decode(code);
	return (unprotected(s) ? "" : RIPAS[s.ripas] + " ") + HIPAS[s.hipas] + ` level ${s.level}`;
}
function colorOf(state) {
	return unprotected(state) ? "--shared" : ["--empty", "--ram", "--destroyed"][state.ripas] || "--empty";
}

/*
 * Colour says RIPAS; full colour is ASSIGNED, pale is UNASSIGNED; the pattern is the level of the table that
 * holds the entry: dots for 3 (pages), diagonals for 2, crosses for 1, bars for 0.
 */
const patterns = new Map();
function patternOf(context, code) {
	if (patterns.has(code))
		return patterns.get(code);
	const style = getComputedStyle(document.documentElement), s = decode(code);
	const color = style.getPropertyValue(colorOf(s)).trim(), mark = style.getPropertyValue("--mark").trim();
	const tile = document.createElement("canvas"), paint = tile.getContext("2d");
	const edge = tile.width = tile.height = s.level === 3 ? 4 : 8;
	paint.fillStyle = style.getPropertyValue("--panel").trim();
	paint.fillRect(0, 0, edge, edge);
	/* Nothing of DESTROYED is assigned, and it is what people look for. */
	paint.globalAlpha = backed(s) ? 1 : s.ripas === 2 ? 0.8 : 0.28;
	paint.fillStyle = color;
	paint.fillRect(0, 0, edge, edge);
	paint.globalAlpha = 1;
	paint.strokeStyle = paint.fillStyle = backed(s) ? mark : color;
	paint.globalAlpha = backed(s) ? 1 : 0.55;
	paint.beginPath();
	if (s.level === 3) {
		paint.fillRect(1, 1, 1, 1);
	} else if (s.level === 2 || s.level === 1) {
		for (const at of [-edge, 0, edge]) {
			paint.moveTo(at, edge);
			paint.lineTo(at + edge, 0);
			if (s.level === 1) {
				paint.moveTo(at, 0);
				paint.lineTo(at + edge, edge);
			}
		}
	} else {
		paint.moveTo(0, 4);
		paint.lineTo(8, 4);
	}
	paint.stroke();
	const pattern = context.createPattern(tile, "repeat");
	patterns.set(code, pattern);
	return pattern;
}

/* --- the axis: every address at which anything ever changes, small ranges as visible as large ones --- */

function makeAxis() {
	const bounds = new Set(), [low, high] = rangeChosen();
	let end = 0, last = null;
	for (let i = 0; i < run.steps.length; i++) {
		const state = run.state(realm, i);
		if (state === last)
			continue;
		last = state;
		end = Math.max(end, state.exists ? spaceEnd(state) : 0);
		for (const [base] of state.intervals)
			if (base >= low && base < high)
				bounds.add(base);
	}
	if (!end)
		return null;
	for (const slot of run.data.realms[realm].slots) {
		bounds.add(slot[0] / PAGE);
		bounds.add((slot[0] + slot[1]) / PAGE);
	}
	bounds.add(low);
	let pages = [...bounds].filter(page => page >= low && page < Math.min(high, end)).sort((a, b) => a - b);
	const every = Math.ceil(pages.length / MAX_SEGMENTS);
	pages = pages.filter((page, i) => i % every === 0);
	const tops = [0];
	pages.forEach((page, i) => {
		const next = i + 1 < pages.length ? pages[i + 1] : Math.min(high, end);
		tops.push(tops[i] + 5 + Math.log2(next - page));
	});
	const scale = MAP_HEIGHT / tops[pages.length];
	return {pages, end: Math.min(high, end), tops: tops.map(top => top * scale)};
}
function rangeChosen() {
	const value = $("range").value;
	if (!value)
		return [0, Infinity];
	return value.split("-").map(Number);
}
const columnOf = x => Math.min(run.steps.length - 1, Math.floor(x / $("canvas").clientWidth * run.steps.length));

function paintColumn(context, state, left, width) {
	const {pages, tops, end} = axis;
	let at = 0;
	while (at < pages.length) {
		const found = findInterval(state, pages[at]);
		if (found < 0)
			return;
		const code = state.intervals[found][1];
		let next = at + 1;
		/* Up to the first segment that is in another state. */
		for (let i = found; next < pages.length; next++) {
			while (intervalEnd(state, i) <= pages[next] && i + 1 < state.intervals.length)
				i++;
			if (state.intervals[i][1] !== code)
				break;
		}
		if (pages[at] < spaceEnd(state) && pages[at] < end) {
			context.fillStyle = patternOf(context, code);
			context.fillRect(left, tops[at], width, Math.max(1, tops[next] - tops[at]));
		}
		at = next;
	}
}

/* All columns, without the chosen step. */
let picture = null;
function paintMap() {
	const canvas = $("canvas"), context = canvas.getContext("2d");
	const width = Math.max(100, Math.floor(canvas.parentNode.clientWidth - $("axis").clientWidth - 2));
	const ratio = window.devicePixelRatio || 1, count = run.steps.length;
	canvas.width = width * ratio;
	canvas.height = (MAP_HEIGHT + 16) * ratio;
	canvas.style.height = MAP_HEIGHT + 16 + "px";
	const key = [run.entry.number, realm, $("range").value, width, ratio, dark.matches].join();
	if (!picture || picture.key !== key)
		picture = paintPicture(key, width, ratio);
	context.drawImage(picture.canvas, 0, 0);
	context.scale(ratio, ratio);
	const wide = width / count, left = Math.floor(step * wide), right = Math.max(left + 3, Math.floor((step + 1) * wide) - 1);
	context.fillStyle = context.strokeStyle = getComputedStyle(document.documentElement).getPropertyValue("--choose").trim();
	context.fillRect(left, MAP_HEIGHT + 2, right - left, 14);
	paintNumber(context, step, "#000000");
	context.lineWidth = 3;
	context.strokeRect(left + 0.5, 1.5, right - left, MAP_HEIGHT - 3);
}
/* The step's number below its column, where there is room for it. */
function paintNumber(context, at, color) {
	const wide = context.canvas.width / (window.devicePixelRatio || 1) / run.steps.length, n = run.steps[at].n;
	context.font = "11px ui-monospace, 'DejaVu Sans Mono', monospace";
	context.textAlign = "center";
	if (!n || context.measureText(n).width + 4 > wide)
		return;
	context.fillStyle = color;
	context.fillText(n, (at + 0.5) * wide, MAP_HEIGHT + 13);
}
function paintPicture(key, width, ratio) {
	const canvas = element("canvas"), context = canvas.getContext("2d"), count = run.steps.length;
	canvas.width = width * ratio;
	canvas.height = (MAP_HEIGHT + 16) * ratio;
	context.scale(ratio, ratio);
	patterns.clear();
	axis = makeAxis();
	$("axis").replaceChildren();
	if (!axis)
		return {key, canvas};
	const wide = width / count, style = getComputedStyle(document.documentElement);
	let done = -1;
	for (let i = 0; i < count; i++) {
		const left = Math.floor(i * wide), right = Math.floor((i + 1) * wide);
		/* More steps than pixels: the first of each. */
		if (left === done)
			continue;
		done = left;
		const gap = wide >= 6 ? 1 : 0;
		paintColumn(context, run.state(realm, i), left, Math.max(1, right - left - gap));
		if (run.steps[i].bad) {
			context.fillStyle = style.getPropertyValue("--bad").trim();
			context.fillRect(left, MAP_HEIGHT, Math.max(3, right - left), 16);
			context.fillRect(left, 0, 2, MAP_HEIGHT);
			context.fillRect(Math.max(left + 2, right - 2), 0, 2, MAP_HEIGHT);
		}
		paintNumber(context, i, style.getPropertyValue(run.steps[i].bad ? "--panel" : "--dim").trim());
	}
	let free = -100;
	axis.pages.forEach((page, i) => {
		if (axis.tops[i] < free)
			return;
		const label = element("span", hex(page * PAGE));
		label.style.top = axis.tops[i] + 1 + "px";
		label.dataset.ipa = page * PAGE;
		$("axis").append(label);
		free = axis.tops[i] + 14;
	});
	return {key, canvas};
}
function addressAt(y) {
	if (!axis)
		return null;
	let i = axis.pages.length - 1;
	while (i > 0 && axis.tops[i] > y)
		i--;
	return axis.pages[i];
}
function pointed(event) {
	const box = $("canvas").getBoundingClientRect();
	const page = addressAt(event.clientY - box.top), at = columnOf(event.clientX - box.left);
	if (page === null || at < 0)
		return "";
	const state = run.state(realm, at), found = findInterval(state, page);
	return found < 0 ? "" : `after step ${run.steps[at].n}: ${hex(state.intervals[found][0] * PAGE)}..` +
		`${hex(intervalEnd(state, found) * PAGE)} ${stateName(state.intervals[found][1])}`;
}

function paintLegend() {
	const code = (hipas, ripas, level) => hipas + 5 * ripas + 20 * (level + 1);
	const entries = [["RAM, ASSIGNED", code(1, 1, 3)], ["RAM, UNASSIGNED", code(0, 1, 3)], ["EMPTY", code(0, 0, 3)],
		["EMPTY, still ASSIGNED", code(1, 0, 3)], ["DESTROYED", code(0, 2, 3)], ["shared, mapped", code(4, 3, 3)],
		["shared, not mapped", code(3, 3, 3)], ["level 3", code(0, 1, 3)], ["level 2", code(0, 1, 2)],
		["level 1", code(0, 1, 1)], ["level 0", code(0, 1, 0)]];
	$("legend").replaceChildren(...entries.map(([text, value]) => {
		const item = element("span"), canvas = element("canvas");
		canvas.width = 30;
		canvas.height = 16;
		canvas.setAttribute("aria-hidden", "true");
		const context = canvas.getContext("2d");
		context.fillStyle = patternOf(context, value);
		context.fillRect(0, 0, 30, 16);
		item.append(canvas, text);
		return item;
	}));
}

/* --- the chosen step -------------------------------------------------------------------------------- */

function changedSince(before, state, i) {
	const [base, code] = state.intervals[i], end = intervalEnd(state, i), found = findInterval(before, base);
	return found < 0 || before.intervals[found][1] !== code || intervalEnd(before, found) < end;
}
function showIntervals(before, state) {
	const body = $("intervals").tBodies[0];
	body.replaceChildren();
	fill(body, state.intervals.length, i => {
		const [base, code] = state.intervals[i], s = decode(code), row = element("tr");
		const changed = changedSince(before, state, i), bytes = (intervalEnd(state, i) - base) * PAGE;
		const swatch = element("span", "", "swatch");
		swatch.style.background = `var(${colorOf(s)})`;
		const ripas = element("td");
		ripas.append(swatch, RIPAS[s.ripas]);
		row.append(element("td", changed ? "*" : ""), element("td", `${hex(base * PAGE)}..${hex(base * PAGE + bytes)}`),
			element("td", size(bytes)), ripas, element("td", HIPAS[s.hipas]), element("td", s.level));
		if (changed)
			row.className = "changed";
		return row;
	});
	if (!state.exists)
		body.append(element("tr")), body.lastChild.append(element("td"), element("td", "no Realm"));
	if (state.cut)
		body.append(element("tr")), body.lastChild.append(element("td"), element("td", "and more that is not kept"));
}

const entryPages = level => 512 ** (3 - level);
function showTree(before, state) {
	const known = new Set(before.tables.map(table => table.level + "/" + table.base + "/" + table.pa));
	const tree = $("tree");
	/* The children of a table: the tables right below it, and runs of its own entries. */
	const children = at => {
		const table = state.tables[at], end = table.base + entryPages(table.level - 1), items = [];
		for (let i = at + 1; i < state.tables.length && state.tables[i].level > table.level; i++)
			if (state.tables[i].level === table.level + 1)
				items.push({base: state.tables[i].base, table: i});
		for (let i = Math.max(0, findInterval(state, table.base)); i < state.intervals.length && state.intervals[i][0] < end; i++)
			if (decode(state.intervals[i][1]).level === table.level)
				items.push({base: Math.max(table.base, state.intervals[i][0]), end: Math.min(end, intervalEnd(state, i)), code: state.intervals[i][1]});
		return items.sort((a, b) => a.base - b.base);
	};
	const build = item => {
		const line = element("li");
		if (item.table === undefined) {
			const s = decode(item.code);
			line.textContent = `${hex(item.base * PAGE)}  ${(item.end - item.base) / entryPages(s.level)} × ` +
				`${size(entryPages(s.level) * PAGE)} ${unprotected(s) ? "" : RIPAS[s.ripas] + " "}${HIPAS[s.hipas]}`;
			return line;
		}
		const table = state.tables[item.table], details = element("details"), summary = element("summary");
		summary.textContent = `level ${table.level} table ${hex(table.pa * PAGE)}, IPA ${hex(table.base * PAGE)}`;
		if (!known.has(table.level + "/" + table.base + "/" + table.pa))
			summary.append(element("span", " new", "new"));
		details.append(summary);
		const open = () => {
			if (details.open && details.children.length === 1) {
				const list = element("ul"), items = children(item.table);
				fill(list, items.length, i => build(items[i]));
				details.append(list);
			}
		};
		details.ontoggle = open;
		details.open = state.tables.length <= 24;
		open();
		line.append(details);
		return line;
	};
	const roots = [];
	state.tables.forEach((table, i) => {
		if (table.level === state.start)
			roots.push({table: i});
	});
	const list = element("ul");
	fill(list, roots.length, i => build(roots[i]));
	tree.replaceChildren(list);
	if (!roots.length)
		tree.replaceChildren(element("p", "no Realm"));
	else
		tree.prepend(element("p", `Realm ${REALM_STATES[state.state] || state.state}, ${state.width}-bit IPA space, ${state.tables.length} tables`));
}

const failed = line => line[0] === "W" || line[0] === "D" || line[0] === "F" || (line[0] === "R" && !/ -> SUCCESS/.test(line));
function eventLine(line, name) {
	const e = element(name, line.slice(1));
	if (failed(line))
		e.className = "fail";
	else if (line[0] === "G" || line[0] === "X")
		e.className = "guest";
	return e;
}
function showEvents(events) {
	const list = $("events"), only = $("onlyerrors").checked;
	const shown = only ? events.filter(loop => typeof loop !== "number" && loop.slice(1).some(failed)) : events;
	list.replaceChildren();
	fill(list, shown.length, i => {
		const loop = shown[i];
		if (typeof loop === "number")
			return element("li", `… ${loop} more, left out here: rmesim run --trace FILE has all of them …`, "dim");
		if (loop[0] === 1)
			return eventLine(loop[1], "li");
		const item = element("li", undefined, "loop");
		item.append(element("span", `${loop[0]} times`, "times"));
		for (const line of loop.slice(1))
			item.append(eventLine(line, "div"));
		return item;
	});
	if (!shown.length)
		list.append(element("li", "none", "dim"));
}

function showBooks() {
	const rows = [];
	const add = (names, key, first) => {
		const after = run.book(step, key), before = step ? run.book(step - 1, key) : after;
		for (let i = first; i < after.length; i++)
			if (after[i] || before[i])
				rows.push([names[i], before[i] === undefined ? "" : before[i], after[i]]);
	};
	add(GRANULES, "g", 1);
	add(HOST, "h", 0);
	$("books").tBodies[0].replaceChildren(...rows.map(cells => {
		const row = element("tr");
		row.append(...cells.map(cell => element("td", cell)));
		if (cells[1] !== cells[2])
			row.className = "changed";
		return row;
	}));
}

const heading = s => (s.n ? s.n + "  " : "") + s.title + (s.name ? ` (${s.name})` : "");
function showStepList() {
	const list = $("steplist"), count = run.steps.length;
	const from = count <= MAX_ROWS ? 0 : Math.max(0, Math.min(step - MAX_ROWS / 2, count - MAX_ROWS));
	const rows = [];
	for (let i = from; i < Math.min(count, from + MAX_ROWS); i++) {
		const item = element("li"), s = run.steps[i], button = element("button", (s.bad ? "✗ " : "") + heading(s));
		button.type = "button";
		if (s.bad)
			button.classList.add("fail");
		if (i === step)
			button.setAttribute("aria-current", "step");
		button.onclick = () => choose(i);
		item.append(button);
		rows.push(item);
	}
	/* Who came here by keyboard stays here. */
	const focused = list.contains(document.activeElement);
	list.replaceChildren(...rows);
	const current = list.querySelector("[aria-current]");
	if (current && focused)
		current.focus({preventScroll: true});
	if (current)
		list.scrollTop = current.offsetTop - list.offsetTop - list.clientHeight / 2;
}

function choose(at, quiet) {
	step = Math.max(0, Math.min(run.steps.length - 1, at));
	const s = run.steps[step], slider = $("slider");
	slider.value = step;
	slider.setAttribute("aria-valuetext", `${step + 1} of ${run.steps.length}: ${heading(s)}${s.bad ? ", the failing step" : ""}`);
	$("step").className = s.bad ? "bad" : "";
	$("steptitle").textContent = (s.bad ? "✗ " : "") + heading(s);
	$("stepoutcome").textContent = (s.outcome ? s.outcome + "  · " : "") + `${run.entry.file}:${s.line}`;
	const state = run.state(realm, step), before = step ? run.state(realm, step - 1) : {intervals: [], tables: [], width: 0};
	const changed = state === before ? 0 : state.intervals.filter((_, i) => changedSince(before, state, i)).length;
	if (!quiet)
		$("status").textContent = `Step ${step + 1} of ${run.steps.length}${s.bad ? ", the failing step" : ""}: ${heading(s)}. ` +
			`${s.outcome || ""}. ${changed} ranges changed.`;
	paintMap();
	showIntervals(before, state);
	showTree(before, state);
	showEvents(s.e || []);
	showBooks();
	showStepList();
	history.replaceState(null, "", `#run-${run.entry.number}/${step}`);
}

/* --- choosing a run --------------------------------------------------------------------------------- */

function fillRanges() {
	const select = $("range"), config = run.data.realms[realm], options = [["all that ever changes", ""]];
	config.slots.forEach(([base, bytes], i) => {
		const alias = base + 2 ** (config.bits - 1);
		options.push([`slot ${i}: ${hex(base)}..${hex(base + bytes)}`, `${base / PAGE}-${(base + bytes) / PAGE}`]);
		options.push([`slot ${i}, shared: ${hex(alias)}..${hex(alias + bytes)}`, `${alias / PAGE}-${(alias + bytes) / PAGE}`]);
	});
	select.replaceChildren(...options.map(([text, value]) => new Option(text, value)));
}
/* The realm that a step is about, -1 if it does not say. */
const realmOf = s => s ? run.data.realms.findIndex(r => s.title.endsWith(" realm=" + r.name)) : -1;
function openRun(number, at) {
	const entry = index.runs[number];
	if (!entry)
		return;
	if (!runs.has(number))
		runs.set(number, new Run(entry));
	run = runs.get(number);
	realm = 0;
	const data = run.data;
	$("run").hidden = false;
	$("runname").textContent = entry.id;
	$("runstatus").textContent = entry.status;
	$("runstatus").className = "status " + entry.status;
	$("runplace").textContent = `${entry.file}; ${entry.steps} steps, ${entry.calls} RMI calls` +
		(data ? `; seed ${data.seed}` : "") + (data && data.hostile ? "; hostile: the host was not audited" : "");
	$("runabout").textContent = data ? data.about || "" : entry.reason || "";
	$("failure").hidden = !(data && data.failure);
	$("failuretext").textContent = data && data.failure ? `${entry.reason}\n${data.failure}` : "";
	$("reproduce").parentNode.hidden = !data;
	$("reproduce").textContent = data ? data.reproduce : "";
	$("nodetail").hidden = !!data || entry.status !== "passed";
	$("detail").hidden = !data || !run.steps.length;
	document.title = `${entry.status}: ${entry.id} - rmesim`;
	showRuns();
	if ($("detail").hidden) {
		history.replaceState(null, "", `#run-${number}`);
		return;
	}
	$("realm").replaceChildren(...data.realms.map((r, i) => new Option(r.name, i)));
	$("realmlabel").hidden = data.realms.length < 2;
	realm = Math.max(0, realmOf(run.steps[at !== undefined ? at : Math.max(0, run.bad)]));
	$("realm").value = realm;
	fillRanges();
	$("slider").max = run.steps.length - 1;
	$("tofailure").hidden = run.bad < 0;
	paintLegend();
	choose(at !== undefined ? at : run.bad >= 0 ? run.bad : 0, at === undefined);
}

const ordered = [...index.runs].sort((a, b) => bad(b) - bad(a) || a.number - b.number);
function showRuns() {
	const text = $("filter").value.toLowerCase(), only = $("onlybad").checked;
	const found = ordered.filter(r => (!only || bad(r)) && (r.id + " " + r.file).toLowerCase().includes(text));
	const focused = $("runs").contains(document.activeElement);
	$("runs").replaceChildren(...found.slice(0, MAX_RUNS).map(r => {
		const item = element("li"), link = element("a");
		link.href = `#run-${r.number}`;
		link.onclick = event => {
			if (event.ctrlKey || event.metaKey || event.shiftKey)
				return;
			event.preventDefault();
			openRun(r.number);
		};
		link.append(element("span", r.status, "status " + r.status), " " + r.id);
		if (run && run.entry === r)
			link.setAttribute("aria-current", "page");
		item.append(link);
		return item;
	}));
	const current = focused && $("runs").querySelector("[aria-current]");
	if (current)
		current.focus({preventScroll: true});
	$("runsmore").textContent = found.length > MAX_RUNS ? `and ${found.length - MAX_RUNS} more: use the filter` :
		found.length ? "" : "none";
}
function fromHash() {
	const match = /^#run-(\d+)(?:\/(\d+))?$/.exec(location.hash);
	if (match)
		openRun(Number(match[1]), match[2] === undefined ? undefined : Number(match[2]));
	else if (ordered.length && !run)
		openRun(ordered[0].number);
}

const failing = () => run && run.bad >= 0 && choose(run.bad);
$("slider").oninput = event => choose(Number(event.target.value));
$("first").onclick = () => choose(0);
$("previous").onclick = () => choose(step - 1);
$("next").onclick = () => choose(step + 1);
$("last").onclick = () => choose(run.steps.length - 1);
$("tofailure").onclick = failing;
$("onlyerrors").onchange = () => showEvents(run.steps[step].e || []);
$("realm").onchange = event => {
	realm = Number(event.target.value);
	fillRanges();
	choose(step);
};
$("range").onchange = () => paintMap();
$("filter").oninput = $("onlybad").onchange = showRuns;
$("canvas").onclick = event => {
	const at = columnOf(event.clientX - $("canvas").getBoundingClientRect().left), text = pointed(event);
	choose(at);
	$("pointed").textContent = text;
};
$("canvas").onmousemove = event => $("pointed").textContent = pointed(event);
document.addEventListener("keydown", event => {
	if (event.altKey || event.ctrlKey || event.metaKey || /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName) ||
	    !run || $("detail").hidden)
		return;
	const moves = {ArrowLeft: step - 1, ArrowRight: step + 1, Home: 0, End: run.steps.length - 1, f: run.bad};
	/* Lists that scroll keep their keys. */
	if (!(event.key in moves) || moves[event.key] < 0 || (/^(Home|End)$/.test(event.key) && event.target.closest(".scroll, #events, #tree, pre")))
		return;
	event.preventDefault();
	choose(moves[event.key]);
});
const repaint = () => {
	if (run && !$("detail").hidden) {
		paintMap();
		patterns.clear();
		paintLegend();
	}
};
window.addEventListener("resize", repaint);
dark.addEventListener("change", repaint);
window.addEventListener("hashchange", fromHash);

const counts = {};
for (const r of index.runs)
	counts[r.status] = (counts[r.status] || 0) + 1;
$("totals").textContent = `${index.runs.length} run${index.runs.length === 1 ? "" : "s"}: ` + Object.entries(counts).map(([status, n]) => `${n} ${status}`).join(", ") +
	(index.not_run ? `, ${index.not_run} not run` : "") + (index.aborted ? `; ended early: ${index.aborted}` : "");
showRuns();
fromHash();
})();
