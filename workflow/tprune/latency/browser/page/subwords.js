// Text to subword pieces and back, as sentencepiece and subword-nmt do it in Python. The page uses the user's
// own model, exported by tprune.latency.browser.page_subwords; tests compare every piece with the originals'.

const WHITE = /[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/u; // as str.split()
const BLANK = "\u2581";
const NORMAL = 1, USER_DEFINED = 4, UNUSED = 5, BYTE = 6;

/** `model` as tprune.latency.browser.page_subwords writes it; has encode(text) and decode(pieces). */
export function loadSubwords(model) {
  return model.kind === "subword-nmt" ? new SubwordNmt(model) : new SentencePiece(model);
}

function normalise(text) {
  return text.split(WHITE).filter(Boolean).join(" ");
}

class SentencePiece {
  constructor(model) {
    this.model = model;
    this.pieces = new Map();
    this.defined = [];
    this.longest = 1;
    model.pieces.forEach(([piece, score, type]) => {
      if (type === USER_DEFINED) this.defined.push(piece);
      if (type !== NORMAL && type !== USER_DEFINED && type !== UNUSED) return;
      this.pieces.set(piece, { score, type });
      this.longest = Math.max(this.longest, [...piece].length);
    });
    this.defined.sort((a, b) => b.length - a.length);
    const scores = [...this.pieces.values()].filter((piece) => piece.type === NORMAL).map((piece) => piece.score);
    this.best = Math.max(...scores);
    this.unknown = Math.min(...scores) - 10; // sentencepiece's penalty of an unknown character
    this.charsmap = model.charsmap ? new Charsmap(model.charsmap) : null;
  }

  encode(text) {
    const symbols = this.prepare(text);
    if (!symbols.length) return [];
    const pieces = this.model.type === "unigram" ? this.likeliest(symbols) : this.merged(symbols);
    return this.surface(pieces);
  }

  decode(pieces) {
    const bytes = [];
    for (const piece of pieces) {
      const byte = this.model.byte_fallback && /^<0x([0-9A-F]{2})>$/.exec(piece);
      if (byte) bytes.push(parseInt(byte[1], 16));
      else bytes.push(...new TextEncoder().encode(piece.replaceAll(BLANK, " ")));
    }
    return new TextDecoder().decode(new Uint8Array(bytes)).trim();
  }

  /** Normalised text as symbols: characters, a user's own symbol being one. */
  prepare(text) {
    const { model } = this;
    let clean = normalise(text);
    if (this.charsmap) clean = this.charsmap.apply(clean, this.defined);
    if (model.remove_extra_whitespaces) clean = clean.replace(/ +/g, " ").replace(/^ | $/g, "");
    if (!clean) return [];
    const suffix = model.add_dummy_prefix && model.whitespace_as_suffix;
    if (model.add_dummy_prefix && !suffix) clean = " " + clean;
    if (model.escape_whitespaces) clean = clean.replaceAll(" ", BLANK);
    const blank = model.escape_whitespaces ? BLANK : " ";
    // As sentencepiece: blanks at the end go when they are escaped, those that the text had among them.
    if (model.remove_extra_whitespaces) while (clean.endsWith(blank)) clean = clean.slice(0, -1);
    if (suffix) clean += blank;
    const symbols = [];
    for (let i = 0; i < clean.length; ) {
      const own = this.defined.find((piece) => clean.startsWith(piece, i));
      const symbol = own ?? String.fromCodePoint(clean.codePointAt(i));
      symbols.push({ text: symbol, frozen: own !== undefined });
      i += symbol.length;
    }
    return symbols;
  }

  /** BPE: the best pair of neighbours becomes one, the leftmost among equals, until none is a piece. */
  merged(symbols) {
    const row = symbols.map((symbol) => ({ ...symbol }));
    const undo = new Map();
    for (;;) {
      let best = -1, score = -Infinity;
      for (let i = 0; i + 1 < row.length; i++) {
        if (row[i].frozen || row[i + 1].frozen) continue;
        const found = this.pieces.get(row[i].text + row[i + 1].text);
        if (found && found.score > score) [best, score] = [i, found.score];
      }
      if (best < 0) break;
      const [left, right] = row.splice(best, 2);
      const joined = left.text + right.text;
      if (this.pieces.get(joined).type === UNUSED) undo.set(joined, [left.text, right.text]);
      row.splice(best, 0, { text: joined, frozen: false });
    }
    const whole = (text) =>
      undo.has(text) && this.pieces.get(text)?.type === UNUSED ? undo.get(text).flatMap(whole) : [text];
    return row.flatMap((symbol) => whole(symbol.text));
  }

  /** Unigram: the segmentation of the greatest summed score (Viterbi). */
  likeliest(symbols) {
    const best = [{ score: 0, from: -1 }];
    for (let end = 1; end <= symbols.length; end++) {
      best.push({ score: -Infinity, from: -1 });
      let text = "";
      for (let start = end - 1; start >= 0 && end - start <= this.longest; start--) {
        text = symbols[start].text + text;
        if (symbols[start].frozen && end - start > 1) break;
        if (symbols[end - 1].frozen && end - start > 1) break;
        const piece = this.pieces.get(text);
        let score = null;
        if (piece?.type === USER_DEFINED) score = [...text].length * this.best - 0.1;
        else if (piece?.type === NORMAL) score = piece.score;
        else if (end - start === 1) score = this.unknown;
        if (score !== null && best[start].score + score > best[end].score) {
          best[end] = { score: best[start].score + score, from: start };
        }
      }
    }
    const pieces = [];
    for (let end = symbols.length; end > 0; end = best[end].from) {
      pieces.push(symbols.slice(best[end].from, end).map((symbol) => symbol.text).join(""));
    }
    return pieces.reverse();
  }

  /** Unknown neighbours become one piece, or bytes where the model has them. */
  surface(pieces) {
    const result = [];
    let afterUnknown = false;
    for (const piece of pieces) {
      const unknown = !this.pieces.has(piece);
      if (unknown && this.model.byte_fallback) {
        for (const byte of new TextEncoder().encode(piece)) {
          result.push(`<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`);
        }
      } else if (unknown && afterUnknown) result[result.length - 1] += piece;
      else result.push(piece);
      afterUnknown = unknown;
    }
    return result;
  }
}

/** sentencepiece's compiled normalisation: a double-array trie of what is replaced, then the replacements. */
class Charsmap {
  constructor(base64) {
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    const view = new DataView(bytes.buffer);
    const size = view.getUint32(0, true);
    this.units = Array.from({ length: size / 4 }, (_, i) => view.getUint32(4 + 4 * i, true));
    this.replacements = bytes.subarray(4 + size);
  }

  apply(text, kept) {
    const bytes = new TextEncoder().encode(text);
    const protectedPieces = kept.map((piece) => new TextEncoder().encode(piece));
    const out = [];
    for (let i = 0; i < bytes.length; ) {
      const own = protectedPieces.find((piece) => piece.every((byte, j) => bytes[i + j] === byte));
      if (own) {
        out.push(...own);
        i += own.length;
        continue;
      }
      const [length, at] = this.longestMatch(bytes, i);
      if (length) {
        for (let j = at; this.replacements[j]; j++) out.push(this.replacements[j]);
        i += length;
      } else {
        do out.push(bytes[i++]);
        while (i < bytes.length && (bytes[i] & 0xc0) === 0x80);
      }
    }
    return new TextDecoder().decode(new Uint8Array(out));
  }

  longestMatch(bytes, start) {
    const offset = (unit) => (unit >>> 10) << ((unit & 0x200) >>> 6);
    let position = offset(this.units[0]), found = [0, 0];
    for (let i = start; i < bytes.length; i++) {
      position ^= bytes[i];
      const unit = this.units[position];
      if (unit === undefined || (unit & 0x800000ff) >>> 0 !== bytes[i]) break;
      position ^= offset(unit);
      if ((unit >>> 8) & 1) found = [i - start + 1, this.units[position] & 0x7fffffff];
    }
    return found;
  }
}

/** subword-nmt's BPE over tokens separated by blanks. */
class SubwordNmt {
  constructor(model) {
    this.ranks = new Map(model.merges.map((pair, i) => [pair.join(" "), i]));
    this.attached = model.version !== "0.1"; // since 0.2 the end of a word is part of its last symbol
  }

  encode(text) {
    return normalise(text).split(" ").filter(Boolean).flatMap((word) => this.split(word));
  }

  decode(pieces) {
    return pieces.join(" ").replace(/@@( |$)/g, "");
  }

  split(word) {
    let row = [...word];
    if (this.attached) row.push(row.pop() + "</w>");
    else row.push("</w>");
    for (;;) {
      let best = Infinity;
      for (let i = 0; i + 1 < row.length; i++) best = Math.min(best, this.rank(row[i], row[i + 1]));
      if (best === Infinity) break;
      const next = [];
      for (let i = 0; i < row.length; i++) {
        if (i + 1 < row.length && this.rank(row[i], row[i + 1]) === best) next.push(row[i] + row[++i]);
        else next.push(row[i]);
      }
      row = next;
    }
    const last = row.pop();
    if (last !== "</w>") row.push(last.replace(/<\/w>$/, ""));
    return row.map((piece, i) => (i + 1 < row.length ? piece + "@@" : piece));
  }

  rank(left, right) {
    return this.ranks.get(`${left} ${right}`) ?? Infinity;
  }
}
