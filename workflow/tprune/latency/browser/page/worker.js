// The thread that computes, so that the page stays alive: loads models as they are needed, translates, measures.

import { Model, UNKNOWN } from "./engine.js";
import { measure, speedups } from "./protocol.js";

const REPORT_MILLISECONDS = 250;
const BYTES_PER_BYTE = 2.5; // what a loaded model may take per byte of its files
let ort, job, base, ids, models;

const actions = {
  async start(message) {
    ({ job, base } = message);
    ort = await import(new URL(`${job.runtime}ort.wasm.min.mjs`, base).href);
    ort.env.wasm.wasmPaths = new URL(job.runtime, base).href;
    ort.env.wasm.numThreads = self.crossOriginIsolated ? job.threads : 1;
    ort.env.logLevel = "error";
    models = job.models.map(() => null);
    const vocabulary = await fetchJson(job.models[0].files.vocabulary);
    ids = new Map(vocabulary.source_pieces.map((piece, id) => [piece, id]));
    return { target: vocabulary.target_pieces };
  },

  /** Times of several runs, models in turn, after one to warm up; milliseconds. */
  async translate({ indices, pieces, runs }) {
    const source = encode(pieces);
    const results = indices.map(() => ({ output: null, times: [] }));
    for (const index of indices) await ensure(index);
    for (let run = 0; run <= runs; run++) {
      for (let i = 0; i < indices.length; i++) {
        const start = performance.now();
        results[i].output = await models[indices[i]].translate(source);
        if (run) results[i].times.push(performance.now() - start);
      }
    }
    return { results, threads: threads() };
  },

  async measure() {
    const started = new Date();
    const start = performance.now();
    const samples = [];
    for (const group of groups()) {
      await release(models.map((_, i) => i).filter((i) => !group.includes(i)));
      for (const index of group) await ensure(index);
      let said = 0;
      const before = samples.length;
      const report = (done, total, own, warmingUp) => {
        if (performance.now() - said < REPORT_MILLISECONDS && done < total) return;
        said = performance.now();
        const rows = warmingUp ? [] : speedups([...samples, ...own], job.control);
        const all = job.models.length * job.beams.length * job.sentences.length * 2;
        postMessage({
          event: "progress", warmingUp, rows,
          done: warmingUp ? done : before + done, total: warmingUp ? total : all,
        });
      };
      const rest = () => new Promise((resolve) => setTimeout(resolve, 1000 * job.cool_down));
      samples.push(...(await measure(group.map((i) => models[i]), job, encode, report, rest)));
    }
    return {
      samples, started: started.toISOString(), seconds: (performance.now() - start) / 1000,
      threads: threads(), clock: clockStep(), version: ort.env.versions.web ?? ort.env.versions.common,
      rows: speedups(samples, job.control),
    };
  },
};

self.onmessage = async ({ data }) => {
  try {
    postMessage({ id: data.id, result: await actions[data.action](data) });
  } catch (error) {
    postMessage({ id: data.id, error: String(error?.message ?? error) });
  }
};

function encode(pieces) {
  return pieces.map((piece) => ids.get(piece) ?? UNKNOWN);
}

/** How many threads compute; onnxruntime-web falls to 1 by itself where it must, and says so here. */
function threads() {
  return self.crossOriginIsolated && typeof SharedArrayBuffer !== "undefined" ? ort.env.wasm.numThreads : 1;
}

/** All models at once where memory holds them, else those of one dtype at a time. */
function groups() {
  const all = job.models.map((_, i) => i);
  const free = ((navigator.deviceMemory ?? 4) * 2 ** 30) / 4;
  const needed = BYTES_PER_BYTE * job.models.reduce((sum, model) => sum + model.bytes, 0);
  if (needed <= free) return [all];
  const dtypes = new Set(job.models.map((model) => model.candidate.dtype));
  return [...dtypes].map((dtype) => all.filter((i) => job.models[i].candidate.dtype === dtype));
}

async function ensure(index) {
  if (models[index]) return;
  const { files, candidate, bytes } = job.models[index];
  postMessage({ event: "loading", candidate, bytes });
  const [encoder, decoder, config] = await Promise.all([
    fetchBytes(files.encoder), fetchBytes(files.decoder), fetchJson(files.config),
  ]);
  models[index] = await Model.load(ort, { encoder, decoder }, config);
  models[index].candidate = candidate;
}

async function release(indices) {
  for (const index of indices) {
    await models[index]?.release();
    models[index] = null;
  }
}

async function get(path) {
  const response = await fetch(new URL(path, base));
  if (!response.ok) throw new Error(`${path}: the server answered ${response.status}; is it still running?`);
  return response;
}

async function fetchBytes(path) {
  return new Uint8Array(await (await get(path)).arrayBuffer());
}

async function fetchJson(path) {
  return (await get(path)).json();
}

/** The smallest step of the clock seen, in seconds: browsers make it coarse. */
function clockStep() {
  let least = Infinity;
  for (let i = 0; i < 50; i++) {
    const start = performance.now();
    let now = start;
    while (now === start) now = performance.now();
    least = Math.min(least, now - start);
  }
  return least / 1000;
}
