"""A request that says something wrong about itself."""

from davserver.domain.errors import BadInput


class Malformed(BadInput):
    """What a client sent is wrong. The text is a fixed sentence of a front, which may be shown;
    `words` fill its gaps.
    """

    def __init__(self, sentence: str, *words: str) -> None:
        super().__init__(sentence.format(*words) if words else sentence)
        self.sentence = sentence
        self.words = words
