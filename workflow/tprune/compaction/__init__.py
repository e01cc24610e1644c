"""The masked model made small: a compact fairseq model, a CTranslate2 model, and proof that they agree."""
