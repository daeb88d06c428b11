"""Reading aloud: a long text as chapters of sound with subtitles, made clause by clause, resumed after a stop."""
