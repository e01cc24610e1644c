// How latency is measured: as tprune/latency/protocol.py, which says why. Batch 1, all models side by side,
// sentence by sentence in an order shuffled anew each time; every sample is kept.

export const LENGTHS = ["own", "forced"];

/** A small generator of random numbers in [0, 1) with a seed (mulberry32). */
export function randomNumbers(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

function shuffle(items, random) {
  for (let i = items.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [items[i], items[j]] = [items[j], items[i]];
  }
}

/** Every combination: sentence by sentence, the models shuffled inside each setting. */
export function* plan(models, sentences, beams, lengths, seed) {
  const order = [...models];
  const random = randomNumbers(seed);
  for (const sentence of sentences) {
    for (const beam of beams) {
      for (const length of lengths) {
        shuffle(order, random);
        for (const model of order) yield { model, sentence, beam, length };
      }
    }
  }
}

/**
 * Time every model on every sentence; returns all samples. `models` have `candidate` and `translate`,
 * `encode` maps pieces to ids, `report(done, total, samples, warmingUp)` is told of each translation.
 */
export async function measure(models, job, encode, report, rest, clock = () => performance.now()) {
  const warm = models.length * job.beams.length * job.warm_up.length;
  let done = 0;
  for (const step of plan(models, job.warm_up, job.beams, ["forced"], job.seed)) {
    await sample(step, encode, clock);
    report(++done, warm, [], true);
  }
  const total = models.length * job.beams.length * job.sentences.length * LENGTHS.length;
  const samples = [];
  let lastSentence = null, sentences = 0;
  for (const step of plan(models, job.sentences, job.beams, LENGTHS, job.seed + 1)) {
    if (lastSentence !== null && step.sentence !== lastSentence && ++sentences % job.block === 0) await rest();
    lastSentence = step.sentence;
    samples.push(await sample(step, encode, clock));
    report(samples.length, total, samples, false);
  }
  return samples;
}

async function sample({ model, sentence, beam, length }, encode, clock) {
  const ids = encode(sentence.source);
  const forced = length === "forced" ? sentence.reference_length : null;
  const start = clock();
  const output = await model.translate(ids, forced);
  const seconds = (clock() - start) / 1000;
  if (forced !== null && output.length !== forced) {
    throw new Error(`${model.candidate.model} gave ${output.length} tokens where ${forced} were forced`);
  }
  return {
    ...model.candidate, beam, length, sentence: sentence.number,
    source_tokens: ids.length, output_tokens: output.length, seconds,
  };
}

/**
 * The speed-up of each model over the control of its dtype so far, from translations of forced length of
 * sentences that all its models have done; as tprune/latency/summary.py. Rows {dtype, model, milliseconds, speedup}.
 */
export function speedups(samples, control) {
  const rows = [];
  for (const dtype of new Set(samples.map((one) => one.dtype))) {
    const times = new Map();
    for (const one of samples) {
      if (one.dtype !== dtype || one.length !== "forced" || one.beam !== 1) continue;
      if (!times.has(one.model)) times.set(one.model, new Map());
      times.get(one.model).set(one.sentence, one.seconds);
    }
    const all = [...times.values()];
    if (!all.length) continue;
    const common = [...all[0].keys()].filter((sentence) => all.every((of) => of.has(sentence)));
    if (!common.length) continue;
    const sum = (of) => common.reduce((total, sentence) => total + of.get(sentence), 0);
    for (const [model, of] of times) {
      const reference = times.get(control);
      rows.push({
        dtype, model, milliseconds: (1000 * sum(of)) / common.length,
        speedup: reference ? sum(reference) / sum(of) : null,
      });
    }
  }
  return rows;
}
