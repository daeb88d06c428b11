"""Text to speech: clauses, normalisation, phones, and the engines that turn them into sound.

clauses     the LLM's pieces, scrubbed of what nobody says aloud, cut into clauses
normalise   digits, signs and abbreviations as the words a reader would say
g2p         words to phones, Mandarin and English
graph       Kokoro's ONNX file cut where the timeline is known, and where sound is made
kokoro      the engine on this machine
remote      the engine behind an OpenAI-compatible URL
"""
