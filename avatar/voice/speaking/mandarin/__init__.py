"""Mandarin from writing to syllables: which reading a character has here, and how its tone changes beside others.

syllables    what a syllable of pinyin is
dictionary   words whose reading the libraries do not know (words.txt, polyphones.txt, neutral.txt)
context      characters whose reading their neighbours tell (得, 地, 还, 着, 为 …)
sandhi       一, 不 and 儿 beside others
reading      all of it, in order
"""
