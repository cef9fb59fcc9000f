"""A model that counts: what it is told at its making are the words that it knows."""


class Model:
    def __init__(self, logging, path: str) -> None:
        with open(path) as words:
            self._words = words.read().split()
        logging.info("the model knows %d words", len(self._words))

    def execute(self, text: str) -> dict:
        counts = {word: text.count(word) for word in self._words}
        return {"prediction": max(counts, key=counts.get), "values": counts}
