// One model of tprune.compaction.onnx_export, run by onnxruntime-web: greedy, one step of the decoder at a time.

export const END = 2, UNKNOWN = 3; // </s> and <unk> of every fairseq dictionary

/** The most output pieces of a sentence of its own length; as protocol.py. */
export function longestOutput(sourceTokens) {
  return 2 * sourceTokens + 32;
}

export class Model {
  /** `files`: the encoder's and the decoder's bytes; `config`: config.json of the model. */
  static async load(ort, files, config) {
    const options = { executionProviders: ["wasm"], graphOptimizationLevel: "all" };
    const encoder = await ort.InferenceSession.create(files.encoder, options);
    const decoder = await ort.InferenceSession.create(files.decoder, options);
    return new Model(ort, encoder, decoder, config);
  }

  constructor(ort, encoder, decoder, config) {
    Object.assign(this, { ort, encoder, decoder, config });
    const names = (prefix) => config.cache.flatMap((_, i) => [`${prefix}_key_${i}`, `${prefix}_value_${i}`]);
    this.past = names("past");
    this.present = names("present");
    this.fetched = ["next_token", ...this.present];
    this.empty = {};
    config.cache.forEach(({ heads, qk_dim, v_dim }, i) => {
      this.empty[`past_key_${i}`] = new ort.Tensor("float32", new Float32Array(0), [heads, 0, qk_dim]);
      this.empty[`past_value_${i}`] = new ort.Tensor("float32", new Float32Array(0), [heads, 0, v_dim]);
    });
    this.bars = [0, 1].map((bar) => this.whole([bar]));
  }

  whole(values) {
    return new this.ort.Tensor("int64", BigInt64Array.from(values, BigInt), [values.length]);
  }

  /** Translate source ids (no end mark); returns the output's ids, end mark excluded. */
  async translate(source, forcedLength = null) {
    const feeds = { ...this.empty, ...(await this.encoder.run({ tokens: this.whole([...source, END]) })) };
    const least = forcedLength ?? 1;
    const most = Math.min(forcedLength ?? longestOutput(source.length), this.config.max_target_positions);
    const output = [];
    feeds.token = this.whole([END]);
    for (let step = 0; step < most; step++) {
      feeds.position = this.whole([step]);
      feeds.bar_end = this.bars[step < least ? 1 : 0];
      const results = await this.decoder.run(feeds, this.fetched);
      const chosen = Number(results.next_token.data[0]);
      if (chosen === END) break;
      output.push(chosen);
      feeds.token = results.next_token;
      this.past.forEach((name, i) => (feeds[name] = results[this.present[i]]));
    }
    return output;
  }

  async release() {
    await this.encoder.release();
    await this.decoder.release();
  }
}
