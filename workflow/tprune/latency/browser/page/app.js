// The page: what is seen and pressed. worker.js computes.

import { loadSubwords } from "./subwords.js";

const RUNS = 5; // timed translations of a typed sentence; the median is shown
const PROGRESS_MILLISECONDS = 2000;
const base = new URL("./", location.href);
const at = (id) => document.getElementById(id);
const warnings = new Map();
let job, subwords, target, worker, wakeLock = null, measuring = false, hidden = false, said = 0;

function ask(action, details = {}) {
  return new Promise((resolve, reject) => {
    const id = crypto.getRandomValues(new Uint32Array(2)).join("-");
    const listen = ({ data }) => {
      if (data.id !== id) return;
      worker.removeEventListener("message", listen);
      if (data.error) reject(new Error(data.error));
      else resolve(data.result);
    };
    worker.addEventListener("message", listen);
    worker.postMessage({ id, action, ...details });
  });
}

async function start() {
  const [asked, model] = await Promise.all(["job.json", "subwords.json"].map(async (name) => {
    const response = await fetch(new URL(name, base));
    if (!response.ok) throw new Error(`${name}: the server answered ${response.status}; open a fresh link`);
    return response.json();
  }));
  job = asked;
  subwords = loadSubwords(model);
  worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
  worker.addEventListener("error", (event) => warn("worker", `The computing thread failed: ${event.message}`));
  worker.addEventListener("message", ({ data }) => show[data.event]?.(data));
  ({ target } = await ask("start", { job, base: base.href }));
  describe();
  choices();
  at("translate").disabled = at("measure").disabled = false;
  at("state").textContent = "";
  if (new URLSearchParams(location.search).has("measure")) await measureAll();
}

function describe() {
  const isolated = self.crossOriginIsolated;
  const threads = isolated ? job.threads : 1;
  at("facts").textContent =
    `${threads} ${threads === 1 ? "thread" : "threads"}${isolated ? "" : " (not isolated)"}, ` +
    `onnxruntime-web ${job.runtime_version}, ${navigator.hardwareConcurrency ?? "?"} cores`;
  if (!isolated && job.threads > 1) {
    warn("isolated", `Asked for ${job.threads} threads, but over plain http from another machine a browser gives ` +
      "one. Open the page through adb reverse as http://localhost, or serve it with --certificate and --key.");
  }
  const { sentences, warm_up, models } = job;
  at("plan").textContent =
    `${models.length} models side by side: ${warm_up.length} sentences to warm up, then ${sentences.length} ` +
    "that are timed. Keep this tab in front and the device on a table.";
}

function choices() {
  const dtypes = [...new Set(job.models.map((model) => model.candidate.dtype))];
  at("dtype").replaceChildren(...dtypes.map((dtype) => new Option(dtype, dtype)));
  const fill = () => {
    const own = job.models.map((model, i) => ({ ...model, i }))
      .filter((model) => model.candidate.dtype === at("dtype").value);
    const dense = own.find((model) => model.candidate.method === "baseline") ?? own[0];
    const pruned = own.filter((model) => !["baseline", "control"].includes(model.candidate.method));
    const smallest = pruned.sort((a, b) => a.bytes - b.bytes)[0] ?? own[own.length - 1];
    for (const [side, chosen] of [["left", dense], ["right", smallest]]) {
      at(side).replaceChildren(...own.map((model) =>
        new Option(`${model.candidate.model} (${megabytes(model.bytes)})`, model.i, false, model.i === chosen.i)));
    }
  };
  at("dtype").addEventListener("change", fill);
  fill();
  at("text").value = job.example;
}

async function translate(event) {
  event.preventDefault();
  const text = at("text").value.trim();
  if (!text || measuring) return;
  at("translate").disabled = at("measure").disabled = true;
  at("verdict").textContent = "Translating …";
  try {
    const indices = ["left", "right"].map((side) => Number(at(side).value));
    const pieces = subwords.encode(text);
    const limit = Math.min(...indices.map((i) => job.models[i].max_source_positions)) - 1;
    if (pieces.length > limit) throw new Error(`The sentence has ${pieces.length} pieces, the models take ${limit}.`);
    const { results } = await ask("translate", { indices, pieces, runs: RUNS });
    const times = results.map(({ times }) => [...times].sort((a, b) => a - b)[Math.floor(times.length / 2)]);
    results.forEach(({ output }, i) => {
      const card = document.querySelector(`[data-side=${["left", "right"][i]}]`);
      card.querySelector(".output").textContent = subwords.decode(output.map((id) => target[id])) || "(nothing)";
      card.querySelector(".output").dataset.ids = output.join(" ");
      card.querySelector(".time").textContent = `${times[i].toFixed(1)} ms`;
    });
    const names = indices.map((i) => job.models[i].candidate.model);
    const [slow, fast] = times[0] >= times[1] ? [0, 1] : [1, 0];
    at("verdict").textContent =
      `${names[fast]} was ${(times[slow] / times[fast]).toFixed(2)} times as fast as ${names[slow]}.`;
  } catch (error) {
    at("verdict").textContent = "";
    warn("translate", error.message);
  } finally {
    at("translate").disabled = at("measure").disabled = false;
  }
}

async function measureAll() {
  if (measuring) return;
  measuring = true;
  hidden = document.hidden;
  at("translate").disabled = at("measure").disabled = true;
  at("outcome").hidden = true;
  await stayAwake();
  try {
    const result = await ask("measure");
    show.rows(result.rows);
    at("state").textContent = "Sending the samples …";
    const signature = await sign(result);
    await send("result", { samples: result.samples, signature });
    outcome(`Done: ${result.samples.length} samples were received. ` +
      (hidden ? "The tab was not always in front: measure again if it matters." : "You may close this page."));
  } catch (error) {
    outcome(`Not measured: ${error.message}`, true);
    send("progress", { error: error.message }).catch(() => {});
  } finally {
    measuring = false;
    at("state").textContent = "";
    at("progress").hidden = true;
    at("translate").disabled = at("measure").disabled = false;
    wakeLock?.release();
    wakeLock = null;
  }
}

const show = {
  loading({ candidate, bytes }) {
    at("state").textContent = `Loading ${candidate.model}, ${candidate.dtype} (${megabytes(bytes)})`;
  },
  progress({ done, total, warmingUp, rows }) {
    at("progress").hidden = false;
    at("progress").max = total;
    at("progress").value = done;
    at("state").textContent = `${warmingUp ? "Warming up" : "Timed"}: ${done} of ${total}`;
    show.rows(rows);
    if (performance.now() - said > PROGRESS_MILLISECONDS) {
      said = performance.now();
      send("progress", { done, total, warming_up: warmingUp }).catch(() => {});
    }
  },
  rows(rows) {
    if (!rows.length) return;
    at("results").hidden = false;
    const most = Math.max(...rows.map((row) => row.speedup ?? 0));
    const lines = [];
    for (const dtype of new Set(job.models.map((model) => model.candidate.dtype))) {
      if (!rows.some((row) => row.dtype === dtype)) continue;
      lines.push(line("dtype", [dtype, "", ""]));
      for (const row of rows.filter((one) => one.dtype === dtype).sort((a, b) => b.milliseconds - a.milliseconds)) {
        const speedup = row.speedup === null ? "" : `${row.speedup.toFixed(2)}x`;
        const made = line("", [row.model, row.milliseconds.toFixed(1), speedup]);
        made.lastChild.className = "bar";
        made.lastChild.style.setProperty("--share", `${(100 * (row.speedup ?? 0)) / most}%`);
        lines.push(made);
      }
    }
    at("results").tBodies[0].replaceChildren(...lines);
  },
};

function line(kind, cells) {
  const row = document.createElement("tr");
  row.className = kind;
  cells.forEach((text, i) => {
    const cell = document.createElement(i ? "td" : "th");
    if (!i) cell.scope = "row";
    cell.textContent = text;
    row.append(cell);
  });
  return row;
}

/** What the samples must be read with; the keys of tprune.latency.result. A browser tells little. */
async function sign(result) {
  const wanted = ["architecture", "bitness", "model", "platformVersion"];
  const known = (await navigator.userAgentData?.getHighEntropyValues?.(wanted).catch(() => null)) ?? {};
  return {
    device: known.model || null, cpu: null,
    architecture: known.architecture ? `${known.architecture} ${known.bitness ?? ""}`.trim() : null,
    cores: navigator.hardwareConcurrency ?? null, pinned_cores: null,
    memory_gigabytes: navigator.deviceMemory ?? null,
    system: [navigator.userAgentData?.platform || navigator.platform, known.platformVersion].filter(Boolean).join(" "),
    user_agent: navigator.userAgent,
    engine: { name: "onnxruntime-web", version: result.version },
    threads: result.threads, threads_asked: job.threads, cross_origin_isolated: self.crossOriginIsolated,
    beams: job.beams, dtypes: [...new Set(job.models.map((model) => model.candidate.dtype))],
    sentences: job.sentences.length, warm_up: job.warm_up.length, seed: job.seed, cool_down: job.cool_down,
    started: result.started, seconds: Math.round(10 * result.seconds) / 10, clock_step_seconds: result.clock,
    quiet: null, throttled: null, tab_was_hidden: hidden,
  };
}

async function send(what, body) {
  const response = await fetch(new URL(what, base), {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
  });
  if (response.ok) return;
  const said = await response.json().catch(() => ({}));
  throw new Error(`${said.error ?? `the server answered ${response.status}`}`);
}

async function stayAwake() {
  try {
    wakeLock = (await navigator.wakeLock?.request("screen")) ?? null;
  } catch {
    wakeLock = null; // not granted; the notice on the page asks to keep the tab in front
  }
}

function outcome(text, bad = false) {
  at("outcome").textContent = text;
  at("outcome").className = bad ? "note warn" : "note";
  at("outcome").hidden = false;
}

function warn(key, text) {
  warnings.set(key, text);
  at("warning").textContent = [...warnings.values()].join(" ");
  at("warning").hidden = false;
}

function megabytes(bytes) {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

document.addEventListener("visibilitychange", () => {
  if (!measuring) return;
  if (document.hidden) {
    hidden = true;
    warn("hidden", "The tab was not in front while measuring: browsers slow such tabs down.");
  } else stayAwake();
});
at("try").addEventListener("submit", translate);
at("text").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) at("try").requestSubmit();
});
at("measure").addEventListener("click", measureAll);
start().catch((error) => {
  at("facts").textContent = "Not ready.";
  warn("start", error.message);
  send("progress", { error: error.message }).catch(() => {});
});
