"""BLAKE3, without a key or a context, written from its specification (2020, §2) alone: what
`second_reader` compares stored digests with. Some hundred times slower than anybody's library.
"""

IV = (
    *(0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A),
    *(0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19),
)
ORDER = (2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8)
COLUMNS = ((0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15))
DIAGONALS = ((0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14))
ROUNDS, BLOCK, CHUNK = 7, 64, 1024
CHUNK_START, CHUNK_END, PARENT, ROOT = 1, 2, 4, 8
LOW = 0xFFFFFFFF


def turned(word, bits):
    return word >> bits | (word << (32 - bits)) & LOW


def mixed(state, places, one, other):
    """The quarter-round, §2.2."""
    a, b, c, d = (state[place] for place in places)
    for word, right, again in ((one, 16, 12), (other, 8, 7)):
        a = (a + b + word) & LOW
        d = turned(d ^ a, right)
        c = (c + d) & LOW
        b = turned(b ^ c, again)
    for place, value in zip(places, (a, b, c, d), strict=True):
        state[place] = value


def compressed(chain, words, counter, length, flags):
    """§2.2, as far as the first 32 bytes of output need it."""
    state = [*chain, *IV[:4], counter & LOW, counter >> 32, length, flags]
    for _ in range(ROUNDS):
        for number, places in enumerate((*COLUMNS, *DIAGONALS)):
            mixed(state, places, words[2 * number], words[2 * number + 1])
        words = [words[place] for place in ORDER]
    return tuple(state[at] ^ state[at + 8] for at in range(8))


def of_chunk(chunk, number, last):
    """§2.4. `last`: ROOT where there is no other chunk."""
    chain = IV
    starts = range(0, len(chunk), BLOCK) if chunk else (0,)
    for at in starts:
        block = chunk[at : at + BLOCK]
        filled = block + bytes(BLOCK - len(block))
        words = [int.from_bytes(filled[i : i + 4], "little") for i in range(0, BLOCK, 4)]
        flags = CHUNK_START if at == 0 else 0
        flags |= CHUNK_END | last if at == starts[-1] else 0
        chain = compressed(chain, words, number, len(block), flags)
    return chain


def of_tree(data, first, last):
    """§2.1: the left side has the largest power of two of chunks that leaves the right one some."""
    if len(data) <= CHUNK:
        return of_chunk(data, first, last)
    left = 1 << ((len(data) - 1) // CHUNK).bit_length() - 1
    cut = left * CHUNK
    words = [*of_tree(data[:cut], first, 0), *of_tree(data[cut:], first + left, 0)]
    return compressed(IV, words, 0, BLOCK, PARENT | last)


def blake3(data):
    """32 bytes."""
    return b"".join(word.to_bytes(4, "little") for word in of_tree(data, 0, ROOT))
