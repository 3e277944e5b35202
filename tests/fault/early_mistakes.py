"""What must be told before anything runs: mistakes that lie in files and counts that later stages would meet.

bad_input_test.py runs each case: exit code 2, the words with their place, nothing made, and `ftrun plan` says the same."""
import json

SOUND = """\
run: {folder: FOLDER/run, seed: 1}
models:
  base: {preset: tiny}
problems:
  train: {dataset: arithmetic, split: train, limit: 40}
  test: {dataset: arithmetic, split: test, limit: 3}
training: {lanes: 2, tokens_per_lane: 500, max_length: 128, learning_rate: 1e-3}
stages:
  solver: {recipe: solution_sft, model: base, problems: train, length: 6steps}
  answers: {recipe: sample, model: solver, problems: test, per_problem: 4, max_new_tokens: 24}
  verifier: {recipe: verifier_sft, model: solver, attempts: answers, loss: both, reference_is_right: true, length: 2steps}
  ranking: {recipe: rerank, attempts: answers, verifier: verifier}
  report: {recipe: report, of: [answers, ranking]}
"""
GOOD = {"problem": "12", "solution": "3", "answer": "3"}  # what the word vocabulary can express
CASES = {}
WARNINGS = {}


def case(name, *patterns):
    def register(function):
        CASES[name] = (function, 2, patterns)
        return function
    return register


def changed(*pairs):
    text = SOUND
    for old, new in zip(pairs[::2], pairs[1::2]):
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


def mistake(name, patterns, *pairs):
    """A case that changes the run file alone."""
    CASES[name] = (lambda _: (changed(*pairs), []), 2, patterns)


def warning(name, patterns, *pairs):
    """Legal, but without effect or hardly meant: said with its place."""
    WARNINGS[name] = (changed(*pairs), patterns)


# Training: lengths, schedule, retention.
mistake("warmup_longer_than_training", [r"run\.yaml:9:\d+: stage 'solver': warmup is 10 ?steps, longer than the whole training \(length: 6"], "length: 6steps", "length: 6steps, warmup: 10steps")
mistake("warmup_of_more_epochs_than_training", [r"run\.yaml:9:\d+: stage 'solver': warmup is 9 ?epochs \(\d+ steps\), longer than the whole training"],
        "length: 6steps", "length: 6steps, warmup: 9epochs")
GROWS = "length: 6steps, schedule: constant"
FALLS = "length: 6steps, schedule: linear, schedule_length: 9steps"
mistake("warmup_longer_than_the_fall", [r"run\.yaml:9:\d+: stage 'solver': warmup is 10 ?steps, longer than what the learning rate falls over \(schedule_length: 9 ?steps\)"],
        "length: 6steps", FALLS + ", warmup: 10steps")
mistake("warmup_of_more_epochs_than_the_fall", [r"stage 'solver': warmup is 9 ?epochs \(\d+ steps\), longer than what the learning rate falls over"], "length: 6steps", FALLS + ", warmup: 9epochs")
mistake("attempts_that_nobody_lives_to_see", [r"run\.yaml:10:\d+: stage 'answers': per_problem is 100000: \d+ attempts at \d+ problems of up to 1000 tokens each; a stage has at most"],
        "per_problem: 4, max_new_tokens: 24", "per_problem: 100000, max_new_tokens: 1000", "split: test, limit: 3", "split: test, limit: 20000")
mistake("a_million_attempts_at_a_problem", [r"run\.yaml:10:\d+: 'per_problem' must be from 0 to 100000, but is 1000000"], "per_problem: 4", "per_problem: 1000000")
mistake("lane_smaller_than_a_document", [r"run\.yaml:7:\d+: stage 'solver': tokens_per_lane is 100, but max_length 128"], "tokens_per_lane: 500", "tokens_per_lane: 100")
mistake("documents_beyond_the_context", [r"run\.yaml:9:\d+: stage 'solver': max_length is 4096, but the model 'base' was made for 2048"], "length: 6steps", "length: 6steps, max_length: 4096, tokens_per_lane: 5000")
mistake("best_without_validation", [r"run\.yaml:9:\d+: stage 'solver': result is best, but there is no validation"], "length: 6steps", "length: 6steps, result: best")
mistake("style_that_no_solution_has", [r"run\.yaml:9:\d+: stage 'solver': problems gives no training examples: none of the 40 problems of 'train' has a solution of the style 'terze'; their styles are: fine, terse"],
        "length: 6steps", "length: 6steps, style: terze")


# What no machine could serve, and paths that only a shell would expand.
mistake("lanes_against_the_data", [r"run\.yaml:9:\d+: stage 'solver': lanes makes each step \d+ times the whole training set: 65536 lanes x 500 tokens against \d+ tokens"],
        "length: 6steps", "length: 6steps, lanes: 65536")
mistake("lane_against_the_data", [r"run\.yaml:9:\d+: stage 'solver': tokens_per_lane makes each step \d+ times"], "length: 6steps", "length: 6steps, tokens_per_lane: 8000000")
mistake("lane_of_a_trillion_tokens", [r"run\.yaml:7:\d+: 'tokens_per_lane' must be from 1 to"], "tokens_per_lane: 500", "tokens_per_lane: 1099511627776")
mistake("documents_of_a_trillion_tokens", [r"run\.yaml:7:\d+: 'max_length' must be from 2 to"], "max_length: 128", "max_length: 1099511627776")
mistake("step_of_a_trillion_tokens", [r"run\.yaml:9:\d+: stage 'solver': lanes makes a step of 65536 lanes x 16000000 tokens"], "length: 6steps", "length: 6steps, lanes: 65536, tokens_per_lane: 16000000")
mistake("a_billion_epochs", [r"run\.yaml:9:\d+: stage 'solver': length is .*epochs; at most"], "length: 6steps", "length: 1000000000epochs")
mistake("a_trillion_problems", [r"run\.yaml:5:\d+: 'limit' must be from 0 to"], "limit: 40", "limit: 1000000000000")
mistake("a_trillion_attempts", [r"run\.yaml:10:\d+: 'per_problem' must be"], "per_problem: 4", "per_problem: 1000000000000")
mistake("too_many_slots", [r"run\.yaml:10:\d+: 'slots' must be from 1 to 4096"], "per_problem: 4", "per_problem: 4, slots: 1000000")
mistake("model_of_a_stranger", [r"run\.yaml:3:\d+: 'path': '~nobody-of-that-name/m': there is no user"], "{preset: tiny}", "{path: ~nobody-of-that-name/m}")
mistake("data_by_a_variable", [r"run\.yaml:5:\d+: 'path': '\$SOMEWHERE/d\.jsonl' holds the variable \$SOMEWHERE, which only a shell"],
        "{dataset: arithmetic, split: train, limit: 40}", "{dataset: jsonl, path: $SOMEWHERE/d.jsonl}")
mistake("plugin_by_a_variable", [r"run\.yaml:13:\d+: .*'\$\{LIBRARIES\}/x\.so' holds the variable"], "  report: {recipe: report, of: [answers, ranking]}", "plugins: [\"${LIBRARIES}/x.so\"]")


@case("validation_all_too_long", r"run\.yaml:10:\d+: stage 'solver': validation gives no training examples: all were left out as too long")
def _(folder):
    (folder / "long.jsonl").write_text(json.dumps({**GOOD, "solution": "34" * 90}) + "\n")
    return changed("limit: 3}", "limit: 3}\n  long: {dataset: jsonl, path: long.jsonl}", "length: 6steps", "length: 6steps, validation: long"), []


# Sampling: counts and lengths.
mistake("nothing_to_sample", [r"run\.yaml:10:\d+: stage 'answers': per_problem is 0 and greedy is false: nothing would be sampled"], "per_problem: 4", "per_problem: 0, greedy: false")
mistake("attempts_beyond_the_context", [r"run\.yaml:10:\d+: stage 'answers': max_new_tokens is 2048: problem '\S+' needs \d+ tokens .*lower max_new_tokens"], "max_new_tokens: 24", "max_new_tokens: 2048")
# Verifier and ranking.
mistake("verifier_of_greedy_attempts", [r"run\.yaml:11:\d+: stage 'verifier': attempts name 'answers', whose per_problem is 0"], "per_problem: 4", "per_problem: 0")
mistake("pairs_of_one_attempt", [r"run\.yaml:11:\d+: stage 'verifier': attempts name 'answers', whose per_problem is 1: a right and a wrong"],
        "per_problem: 4", "per_problem: 1", "reference_is_right: true", "reference_is_right: false")
mistake("contrast_without_pairs", [r"run\.yaml:11:\d+: stage 'verifier': contrastive_weight needs pairs"], "loss: both", "loss: cross_entropy, contrastive_weight: 1")
mistake("all_weights_zero", [r"run\.yaml:11:\d+: stage 'verifier': margin_weight is 0: with loss: margin nothing is learnt"], "loss: both", "loss: margin, margin_weight: 0")
mistake("half_a_pair", [r"run\.yaml:11:\d+: stage 'verifier': pairs_per_problem is 1: .*at least 2"], "loss: both", "loss: cross_entropy, pairs_per_problem: 1")
mistake("verdicts_alike", [r"verdicts .* are no alternatives", "in stage 'verifier'"], "problems:\n", "prompts: {correct: ' right', incorrect: ' right'}\nproblems:\n")
mistake("verifier_prompt_too_long", [r"run\.yaml:11:\d+: stage 'verifier': max_length is 20: the verifier's prompt alone"], "loss: both", "loss: both, max_length: 20")
mistake("two_prompts_in_a_small_lane", [r"run\.yaml:11:\d+: stage 'verifier': tokens_per_lane is 40, but a pair needs two prompts"], "loss: both", "loss: both, max_length: 40, tokens_per_lane: 40")
mistake("ranking_of_greedy_attempts", [r"run\.yaml:\d+:\d+: stage 'ranking': attempts name 'answers', whose per_problem is 0"],
        "per_problem: 4", "per_problem: 0", SOUND[SOUND.index("  verifier:"):SOUND.index("  ranking:")], "", ", verifier: verifier}", "}")
# Reports.
mistake("report_of_nothing", [r"run\.yaml:13:\d+: stage 'report': of is empty"], "of: [answers, ranking]", "of: []")
mistake("report_of_one_stage_twice", [r"run\.yaml:13:\d+: stage 'report': of names 'answers' twice"], "of: [answers, ranking]", "of: [answers, answers]")
mistake("report_of_a_report", [r"run\.yaml:14:\d+: stage 'again': of names 'report', which gives a report"], "of: [answers, ranking]}", "of: [answers, ranking]}\n  again: {recipe: report, of: [report]}")
# Keys of what no stage uses.
mistake("unknown_key_of_an_unused_set", [r"run\.yaml:7:\d+: unknown key 'splt'.*did you mean 'split'"], "limit: 3}", "limit: 3}\n  spare: {dataset: arithmetic, splt: train}")
mistake("tokenizer_beside_a_path", [r"run\.yaml:3:\d+: 'tokenizer' is for a preset"], "{preset: tiny}", "{path: x, tokenizer: y}")
mistake("grid_that_does_not_divide", [r"run\.yaml:4:\d+: ranks 1 do not divide by parallel\.tensor 2"], "problems:\n", "parallel: {tensor: 2}\nproblems:\n")


# Problem files of later stages.


def later_file(name, patterns, content):
    def make(folder):
        if content is not None:
            (folder / "late.jsonl").write_text(content if isinstance(content, str) else "".join(json.dumps(line) + "\n" for line in content))
        return changed("{dataset: arithmetic, split: test, limit: 3}", "{dataset: jsonl, path: late.jsonl}"), []
    CASES[name] = (make, 2, patterns)


IN_ANSWERS = r"\(in stage 'answers', \S*run\.yaml:10:12\)"
later_file("later_file_missing", [r"run\.yaml:6:\d+: data set 'jsonl' needs the file late\.jsonl, which does not exist"], None)
later_file("later_file_empty", [r"late\.jsonl"], "")
later_file("later_file_of_blank_lines", [r"late\.jsonl"], "\n\n")
later_file("later_file_broken", [r"late\.jsonl:3:\d+: not valid JSON", IN_ANSWERS], json.dumps(GOOD) + "\n\n{\"problem\": \"2\",\n")
later_file("later_file_of_lists", [r"late\.jsonl:1", IN_ANSWERS], "[1, 2]\n")
later_file("later_file_without_the_column", [r"late\.jsonl:1: .*'problem'.*problems", IN_ANSWERS], [{"problems": "1?", "answer": "2"}])
later_file("later_file_of_other_types", [r"late\.jsonl:2: .*'problem'", IN_ANSWERS], [GOOD, {"problem": ["x"], "answer": "2"}])
later_file("later_file_with_an_id_twice", [r"late\.jsonl:2: the id '7' stands in line 1 already", IN_ANSWERS], [{**GOOD, "id": 7}, {**GOOD, "id": 7}])
later_file("later_file_with_an_empty_problem", [r"late\.jsonl:1: field 'problem' \(the problem's text\) is empty"], [{**GOOD, "problem": " "}])
later_file("later_text_outside_the_vocabulary", [r"problem 'late-2': .*cannot express", IN_ANSWERS], [GOOD, {**GOOD, "problem": "∫ x dx"}])
later_file("answers_that_nobody_knows", [r"run\.yaml:11:\d+: stage 'verifier': attempts name 'answers', whose problems have no reference answers"],
           [{"problem": "12"}, {"problem": "21"}])


@case("later_set_empty_after_the_split", r"run\.yaml:6:\d+: split 'valid' of data set 'jsonl' holds no problem")
def _(folder):
    (folder / "late.jsonl").write_text(json.dumps(GOOD) + "\n")
    return changed("{dataset: arithmetic, split: test, limit: 3}", "{dataset: jsonl, path: late.jsonl, split: valid, valid_share: 1e-9}"), []


@case("later_file_is_a_folder", r"run\.yaml:6:\d+: .*late\.jsonl")
def _(folder):
    (folder / "late.jsonl").mkdir()
    return changed("{dataset: arithmetic, split: test, limit: 3}", "{dataset: jsonl, path: late.jsonl}"), []


def large_file(folder, broken_line):
    with open(folder / "late.jsonl", "w") as file:
        for line in range(1, 40001):
            file.write("{\n" if line == broken_line else json.dumps({**GOOD, "problem": f"{line}", "padding": "x" * 900}) + "\n")
    return changed("{dataset: arithmetic, split: test, limit: 3}", "{dataset: jsonl, path: late.jsonl, limit: 3}"), []


@case("large_later_file_broken_at_first", r"late\.jsonl:5:\d+: not valid JSON", IN_ANSWERS)
def _(folder): return large_file(folder, 5)
@case("large_later_file_broken_at_its_end", r"late\.jsonl:39999:\d+: not valid JSON")
def _(folder): return large_file(folder, 39999)


# A vocabulary with chat marks: byte-level BPE, the last token ends a turn.
def chat_tokenizer(folder):
    keep = [*range(33, 127), *range(161, 173), *range(174, 256)]
    rest = [b for b in range(256) if b not in keep]
    vocabulary = {chr(b): b for b in keep} | {chr(256 + i): b for i, b in enumerate(rest)}
    marks = [{"id": 256 + i, "content": mark, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
             for i, mark in enumerate(("<|im_start|>", "<|im_end|>"))]
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    (folder / "chat").mkdir()
    (folder / "chat" / "tokenizer.json").write_text(json.dumps({"version": "1.0", "added_tokens": marks, "normalizer": None, "pre_tokenizer": byte_level,
        "post_processor": None, "decoder": byte_level, "model": {"type": "BPE", "vocab": vocabulary, "merges": []}}))
    (folder / "chat" / "tokenizer_config.json").write_text(json.dumps({"bos_token": "<|im_start|>", "eos_token": "<|im_end|>"}))


CHAT = ("{preset: tiny}", "{preset: tiny, tokenizer: chat}", "tokens_per_lane: 500, max_length: 128", "tokens_per_lane: 2400, max_length: 600",
        "problems:\n", 'prompts:\n  solver: "<|im_start|>user\\n{problem}<|im_end|>\\n<|im_start|>assistant\\n"\n'
        '  verifier: "<|im_start|>user\\n{problem} {solution}<|im_end|>\\n<|im_start|>assistant\\n"\nproblems:\n')


@case("end_token_inside_a_solution", r"problem 'chat-2', solution 1: the end token <\|im_end\|> stands at position \d+ of \d+, inside what is trained on", r"in stage 'solver'")
def _(folder):
    chat_tokenizer(folder)
    (folder / "chat.jsonl").write_text(json.dumps(GOOD) + "\n" + json.dumps({**GOOD, "solution": "1 + 1<|im_end|> = 2"}) + "\n")
    return changed(*CHAT, "{dataset: arithmetic, split: train, limit: 40}", "{dataset: jsonl, path: chat.jsonl}"), []


# Legal and told.
warning("margin_under_cross_entropy", [r"warning: \S*run\.yaml:11:\d+: stage 'verifier': margin has no effect: loss is cross_entropy", "margin_weight has no effect"],
        "loss: both", "loss: cross_entropy, margin: 2, margin_weight: 7")
warning("cross_entropy_under_margin", ["cross_entropy_over has no effect: loss is margin", "cross_entropy_weight has no effect", "balance has no effect"],
        "loss: both", "loss: margin, cross_entropy_over: verdicts, cross_entropy_weight: 2, balance: none")
warning("terms_that_are_off", ["mle_on has no effect: mle_weight is 0", "length_exponent has no effect: contrastive_weight is 0", "validation has no effect"],
        "loss: both", "loss: both, mle_on: right_attempt, length_exponent: 1, validation: test")
warning("schedule_without_a_fall", ["final_learning_rate has no effect: schedule: constant", "most_skipped has no effect", "validate_every has no effect"],
        "length: 6steps", "length: 6steps, schedule: constant, final_learning_rate: 0.1, most_skipped: 3, validate_every: 2steps")
warning("warmup_beyond_a_length_that_may_grow", [r"run\.yaml:9:\d+: stage 'solver': warmup is 10 ?steps, longer than the whole training \(length: 6 ?steps\): unless a later start asks for more"],
        "length: 6steps", GROWS + ", warmup: 10steps")
warning("best_of_a_single_validation", [r"stage 'solver': result is best, but validation is done once, at the end"], "length: 6steps", "length: 6steps, validation: test, result: best")
warning("training_beyond_the_fall", [r"stage 'solver': schedule_length is 4 ?steps, shorter than the training \(length: 6 ?steps\), and final_learning_rate is 0: nothing is learnt after it"],
        "length: 6steps", "length: 6steps, schedule: linear, schedule_length: 4steps")
warning("keys_of_training_that_nobody_reads", [r"run\.yaml:7:\d+: training\.final_learning_rate has no effect: schedule: constant does not fall",
                                               r"run\.yaml:7:\d+: training\.most_skipped has no effect: non_finite: stop", r"training\.length has no effect: every stage that reads it sets its own"],
        "learning_rate: 1e-3", "learning_rate: 1e-3, schedule: constant, final_learning_rate: 0.5, most_skipped: 7, length: 3steps")
warning("models_and_sets_that_nobody_uses", [r"run\.yaml:4:3: model 'spare' is used by no stage", r"run\.yaml:8:3: problem set 'spare_set' is used by no stage"],
        "problems:\n", "  spare: {preset: tiny}\nproblems:\n", "limit: 3}", "limit: 3}\n  spare_set: {dataset: arithmetic}")
warning("more_slots_than_attempts", [r"run\.yaml:10:\d+: stage 'answers': slots is 4096, but there are only 15 attempts to make"], "per_problem: 4", "per_problem: 4, slots: 4096")
warning("greedy_many_times", [r"run\.yaml:10:\d+: stage 'answers': temperature is 0: the 4 attempts", "top_k has no effect: temperature is 0"], "per_problem: 4", "per_problem: 4, temperature: 0, top_k: 5")
warning("many_documents_too_long", [r"stage 'solver': max_length is 40: of the examples of 'train' that were looked at, \d+ examples, \d+ tokens; \d+ left out as too long"],
        "length: 6steps", "length: 6steps, max_length: 40")
