//! Judgements as tables.
