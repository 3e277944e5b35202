"""A GGUF file's byte-level vocabulary as Hugging Face's tokenizer.json and tokenizer_config.json."""

CONTROL, USER_DEFINED, UNUSED = 3, 4, 5  # in tokenizer.ggml.token_type

BYTE_LEVEL = {"type": "ByteLevel", "trim_offsets": True, "use_regex": True}


def words(numbers):
    """The split pattern of Llama 3 and Qwen, which differ in how many digits stay together."""
    return (
        r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|" + numbers + r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
    )


def split_by(pattern):
    split = {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": False}
    return [split, {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": False, "use_regex": False}]


# What GGUF calls the pre-tokenizer -> the pre-tokenizers, the normaliser, ignore_merges.
DIGITS = {"type": "Digits", "individual_digits": True}
PRE_TOKENIZERS = {
    "gpt-2": ([{**BYTE_LEVEL, "add_prefix_space": False}], None, False),
    "smollm": ([DIGITS, {**BYTE_LEVEL, "add_prefix_space": False}], None, False),
    "qwen2": (split_by(words(r"\p{N}")), {"type": "NFC"}, False),
    "llama-bpe": (split_by(words(r"\p{N}{1,3}")), None, True),
}


class Vocabulary:
    """`field` gives the content of a GGUF key, None where there is none. Exits with a sentence for what is not known."""

    def __init__(self, field, fail):
        if field("tokenizer.ggml.model") != "gpt2":
            fail(f"its vocabulary is of the kind '{field('tokenizer.ggml.model')}'; byte-level ones (gpt2) can be converted")
        self.pre = field("tokenizer.ggml.pre")
        if self.pre not in PRE_TOKENIZERS:
            fail(f"its pre-tokenizer is '{self.pre}'; known are {', '.join(PRE_TOKENIZERS)}")
        self.tokens, self.types = field("tokenizer.ggml.tokens"), field("tokenizer.ggml.token_type")
        self.merges, self.chat_template = field("tokenizer.ggml.merges"), field("tokenizer.chat_template")
        self.bos, self.eos = field("tokenizer.ggml.bos_token_id"), field("tokenizer.ggml.eos_token_id")
        self.pad, self.unknown = field("tokenizer.ggml.padding_token_id"), field("tokenizer.ggml.unknown_token_id")
        self.adds_bos = bool(field("tokenizer.ggml.add_bos_token"))
        if self.eos is None:
            fail("it does not say which token ends a text")

    def added(self):
        """Id and content of the tokens that no text is split into, and whether they are special."""
        return [(i, self.tokens[i], kind == CONTROL) for i, kind in enumerate(self.types) if kind in (CONTROL, USER_DEFINED)]

    def find(self, content):
        """Of an added token; None: there is none."""
        return next((i for i, token, _ in self.added() if token == content), None)

    def tokenizer_json(self):
        pre_tokenizers, normalizer, ignore_merges = PRE_TOKENIZERS[self.pre]
        flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False}
        return {
            "version": "1.0",
            "truncation": None,
            "padding": None,
            "added_tokens": [{"id": i, "content": token, **flags, "special": special} for i, token, special in self.added()],
            "normalizer": normalizer,
            "pre_tokenizer": {"type": "Sequence", "pretokenizers": pre_tokenizers},
            "post_processor": None,
            "decoder": {**BYTE_LEVEL, "add_prefix_space": True},
            "model": {
                "type": "BPE",
                "dropout": None,
                "unk_token": None,
                "continuing_subword_prefix": None,
                "end_of_word_suffix": None,
                "fuse_unk": False,
                "byte_fallback": False,
                "ignore_merges": ignore_merges,
                # Unused ones only fill up the embedding's rows.
                "vocab": {token: i for i, token in enumerate(self.tokens) if self.types[i] != UNUSED},
                "merges": self.merges,
            },
        }

    def tokenizer_config(self, context):
        config = {"add_prefix_space": False, "add_bos_token": self.adds_bos}
        named = {"bos_token": self.bos, "eos_token": self.eos, "unk_token": self.unknown, "pad_token": self.pad}
        config |= {name: self.tokens[i] for name, i in named.items() if i is not None}
        if self.chat_template is not None:
            config["chat_template"] = self.chat_template
        return config | {"clean_up_tokenization_spaces": False, "model_max_length": context, "tokenizer_class": "GPT2Tokenizer"}
