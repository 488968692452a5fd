// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
// Compares CronSchedule with croner over random expressions, times and zones.
//   compare.mjs CRON_NEXT CRONER COUNT [SEED]
// CRON_NEXT is the program of cron_next.cc, CRONER the folder of the package.
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";

const [program, cronerFolder, countText, seedText] = process.argv.slice(2);
const { Cron } = createRequire(import.meta.url)(cronerFolder);
const count = Number(countText);
// The short form always takes the same cases; the long one looks for new ones.
const seed = Number(seedText ?? (process.env.BUSBAR_LONG === "1" ? Date.now() : 1)) >>> 0;

// mulberry32
let state = seed;
function random() {
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
}
const below = (n) => Math.floor(random() * n);
const between = (low, high) => low + below(high - low + 1);
const pick = (list) => list[below(list.length)];

function ask(lines) {
  const run = spawnSync(program, { input: lines.join("\n") + "\n", maxBuffer: 1 << 28, encoding: "utf8" });
  if (run.status !== 0) throw run.error ?? new Error(run.stderr);
  return run.stdout.split("\n");
}

// Half-hour, two-hour, midnight and negative changes are among them, and a day left out.
const candidates = [
  "UTC", "Europe/Berlin", "Europe/London", "Europe/Dublin", "America/New_York", "America/St_Johns",
  "America/Havana", "America/Santiago", "America/Sao_Paulo", "Australia/Lord_Howe",
  "Australia/Sydney", "Pacific/Auckland", "Pacific/Chatham", "Pacific/Apia", "Antarctica/Troll",
  "Asia/Kolkata", "Asia/Kathmandu", "Asia/Tokyo",
];
const begin = Date.UTC(2000, 0, 1) / 1000;
const end = Date.UTC(2035, 0, 1) / 1000;

function offsets(zone) {
  const format = new Intl.DateTimeFormat("en-US", { timeZone: zone, hourCycle: "h23",
    year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric",
    second: "numeric" });
  return (seconds) => {
    const part = {};
    for (const { type, value } of format.formatToParts(seconds * 1000)) part[type] = Number(value);
    return Date.UTC(part.year, part.month - 1, part.day, part.hour, part.minute, part.second) / 1000 - seconds;
  };
}
function changesOf(zone) {
  const offset = offsets(zone);
  const found = [];
  const week = 7 * 86400;
  for (let low = begin; low < end; low += week) {
    if (offset(low) === offset(low + week)) continue;
    let [a, b] = [low, low + week];
    while (b - a > 1) {
      const middle = Math.floor((a + b) / 2);
      if (offset(middle) === offset(a)) a = middle; else b = middle;
    }
    found.push(b);
  }
  return found;
}
const changes = new Map(candidates.map((zone) => [zone, changesOf(zone)]));

// The two sides read two copies of tzdata, maybe of two releases.
function hasSameRules(zone) {
  const offset = offsets(zone);
  const times = changes.get(zone).flatMap((t) => [t - 1, t]);
  for (let t = begin; t < end; t += 30 * 86400) times.push(t);
  const ours = ask(times.map((t) => `${zone}\t${t}`));
  return times.every((t, i) => Number(ours[i]) === offset(t));
}
const zones = candidates.filter(hasSameRules);

function randomTime(zone) {
  const near = changes.get(zone);
  if (near.length > 0 && random() < 0.5) return pick(near) + between(-3 * 86400, 3 * 3600);
  return between(begin, end);
}

const monthNames = ["JAN", "feb", "Mar", "APR", "MAY", "jun", "JUL", "Aug", "SEP", "OCT", "nov", "DEC"];
const dayNames = ["SUN", "mon", "Tue", "WED", "THU", "fri", "SAT"];
const write = (value, names, first) => names && random() < 0.3 && names[value - first] || String(value);

function item(low, high, size, names) {
  const kind = random();
  const a = between(low, high);
  if (kind < 0.5) return write(a, names, low === 1 ? 1 : 0);
  if (kind < 0.7) return `*/${between(1, size)}`;
  const b = between(a, high);
  const range = `${a}-${b}`;
  return kind < 0.85 ? range : `${range}/${between(1, size)}`;
}
function field(low, high, size, anyShare, names) {
  if (random() < anyShare) return "*";
  return Array.from({ length: random() < 0.6 ? 1 : between(2, 4) }, () => item(low, high, size, names)).join(",");
}
function dayField() {
  const kind = random();
  if (kind < 0.4) return kind < 0.05 ? "?" : "*";
  if (kind < 0.45) return "L";
  if (kind < 0.49) return "LW";
  if (kind < 0.57) return `${between(1, 31)}W`;
  if (kind < 0.62) return `${between(1, 28)},L`;
  if (kind < 0.66) return `${between(1, 31)}W,${between(1, 31)}`;
  return field(1, 31, 31, 0);
}
function weekdayField() {
  const kind = random();
  if (kind < 0.5) return kind < 0.05 ? "?" : "*";
  if (kind < 0.57) return `${write(below(8), dayNames, 0)}#${between(1, 5)}`;
  if (kind < 0.63) return `${write(below(8), dayNames, 0)}L`;
  if (kind < 0.67) return `${below(7)}#L`;
  if (kind < 0.71) return `${below(7)}#${between(1, 5)},${below(7)}L,${below(7)}`;
  if (kind < 0.75) return pick(["MON-FRI", "SAT-SUN", "fri-sun", "Sun-Tue", "5-7", "0-7"]);
  return field(0, 7, 7, 0, dayNames);
}
function expression() {
  if (random() < 0.01) return pick(["@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"]);
  const parts = [
    field(0, 59, 60, 0.3),
    random() < 0.4 ? String(between(0, 4)) : field(0, 23, 24, 0.3),
    dayField(),
    field(1, 12, 12, 0.6, monthNames),
    weekdayField(),
  ];
  if (random() < 0.3) parts.unshift(field(0, 59, 60, 0.2));
  return parts.join(random() < 0.05 ? " \t " : " ");
}
// One character of an expression changed: the two must agree on what is an expression at all.
function spoilt(text) {
  const at = below(text.length);
  return text.slice(0, at) + pick([..."0123456789*/-,#LW Z+"]) + text.slice(at + 1);
}

function croner(zone, after, text) {
  let cron;
  try {
    cron = new Cron(text, { timezone: zone, paused: true, mode: "5-or-6-parts", fixedTimeRule: "no-wildcard" });
  } catch {
    return "refused";
  }
  const next = cron.nextRun(new Date(after * 1000));
  return next === null ? "none" : String(next.getTime() / 1000);
}

const cases = Array.from({ length: count }, () => {
  const zone = pick(zones);
  const text = expression();
  const isSpoilt = random() < 0.05;
  return { zone, after: randomTime(zone), text: isSpoilt ? spoilt(text) : text, isSpoilt };
});
console.log(`seed ${seed}, ${count} expressions, Node ${process.version}, tzdata ${process.versions.tz}`);
console.log(`zones: ${zones.join(" ")}; rules differ: ${candidates.filter((z) => !zones.includes(z)).join(" ") || "none"}`);
const answers = ask(cases.map((c) => `${c.zone}\t${c.after}\t${c.text}`));
const tally = { due: 0, impossible: 0, refused: 0, stricter: 0, differ: 0 };

function judge({ zone, after, text, isSpoilt }, ours) {
  const theirs = croner(zone, after, text);
  if (ours === theirs) return "due";
  if (ours.startsWith("refused:")) {
    if (theirs === "refused") return "refused";
    // What no date satisfies is refused here, and never due there.
    if (theirs === "none" && ours.includes("does not exist")) return "impossible";
    // croner takes more: ? anywhere, 001, 20-24/3 as an hour, MON-FRI#2, a leading + on weekdays.
    if (isSpoilt) return "stricter";
  }
  if (tally.differ < 20) {
    const show = (answer) => (/^-?\d+$/.test(answer) ? new Date(answer * 1000).toISOString() : answer);
    console.log(`differs: "${text}" in ${zone} after ${show(after)}: ours ${show(ours)}, croner ${show(theirs)}`);
  }
  return "differ";
}
cases.forEach((c, i) => { tally[judge(c, answers[i])] += 1; });
console.log(`${tally.due} due alike, ${tally.refused} refused alike, ${tally.impossible} impossible alike, ` +
  `${tally.stricter} spoilt ones refused here only, ${tally.differ} differ`);
const isGood = tally.differ === 0 && tally.due > count * 0.9 && tally.stricter < count * 0.01 && zones.length >= 12;
process.exit(isGood ? 0 : 1);
