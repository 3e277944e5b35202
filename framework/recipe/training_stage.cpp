#include "framework/recipe/training_stage.h"

#include <algorithm>
#include <optional>

#include "framework/base/clock.h"
#include "framework/base/reading.h"
#include "framework/kernels/allocator.h"
#include "framework/kernels/linear.h"
#include "framework/recipe/checkpoint_folder.h"
#include "framework/recipe/checkpoints.h"
#include "framework/recipe/later_steps.h"
#include "framework/store/append_log.h"
#include "framework/store/files.h"
#include "framework/store/sealed_folder.h"
#include "framework/store/set_aside.h"
#include "framework/text/token_table.h"
#include "framework/train/event_file.h"
#include "framework/train/standstill.h"
#include "framework/train/step_log.h"
#include "framework/train/trainer.h"

namespace ft {
namespace {

constexpr std::string_view kSavesLog = "saves.jsonl";  // what each checkpoint took; records as in store/append_log.h

// The first document with targets, as far as its span goes.
struct Sample {
  std::vector<TokenId> ids;
  std::vector<std::uint8_t> in_loss;
};

Sample make_sample(std::span<const TokenId> document, std::int32_t first, std::span<const TokenId> targets) {
  Sample sample{.ids = {document.begin(), document.begin() + first + 1}};
  sample.in_loss.resize(sample.ids.size(), 0);
  sample.ids.insert(sample.ids.end(), targets.begin(), targets.end());
  sample.in_loss.resize(sample.ids.size(), 1);
  return sample;
}

void check_sample(const Tokenizer& tokenizer, const Sample& sample) {
  const bool ends = sample.ids.back() == tokenizer.eos();
  check_training_sample(tokenizer, sample.ids, sample.in_loss, ends ? SampleEnd::eos : SampleEnd::label);
}

// One sample as a person reads it: whole in the stage's folder, its borders in the log. An unchanged one was shown before.
void show_sample(StageContext& stage, const Tokenizer& tokenizer, const ExampleView& example) {
  const SpanView span = example.span(0);
  const Sample sample = make_sample(example.document(span.document), span.first, span.tokens);
  check_sample(tokenizer, sample);
  const std::string whole = token_table(tokenizer, sample.ids, sample.in_loss);
  const std::filesystem::path file = stage.work.folder() / "sample.txt";
  if (std::filesystem::exists(file) && read_file(file) == whole) return;
  replace_file(file, whole);
  stage.log.info("one training sample, token by token (all of it: {}):\n{}", file.string(),
                 token_table(tokenizer, sample.ids, sample.in_loss, TableRows::excerpt));
}

// Rank 0's files of one training stage.
class Record {
 public:
  Record(const StageContext& stage, std::int64_t resumed_at, std::string measure)
      : measure_(std::move(measure)),
        steps_(stage.work.folder() / "steps.jsonl", stage.work.owner(), resumed_at),
        events_(stage.work.folder() / "events", unix_seconds(), resumed_at),
        saves_(stage.work.folder() / kSavesLog) {}
  [[nodiscard]] std::int64_t foreign_lines() const { return steps_.foreign_lines(); }
  void step(const StepRecord& record) {
    steps_.write(record);
    const std::int64_t now = unix_seconds();
    events_.add("loss", record.loss, record.step, now);
    events_.add("gradient_norm", record.gradient_norm, record.step, now);
    events_.add("learning_rate", record.learning_rate, record.step, now);
    events_.add("tokens_per_second", record.tokens_per_second, record.step, now);
  }
  void validation(const ValidationRecord& record) {
    steps_.write(record);
    events_.add("validation_loss", record.loss, record.step, unix_seconds());
    if (record.measure) events_.add("validation_" + measure_, *record.measure, record.step, unix_seconds());
  }
  void saved(std::int64_t step, const SavedCheckpoint& saved) {
    const nlohmann::ordered_json line = {{"step", step},
                                         {"stall_seconds", saved.stall_seconds},
                                         {"durable_seconds", saved.durable_seconds},
                                         {"bytes_of_rank", saved.num_bytes}};
    saves_.append(line.dump());
  }

 private:
  std::string measure_;
  StepLog steps_;
  EventFile events_;
  AppendLog saves_;
};

// How an example begins, as a person may search for it in the data.
std::string opening_words(const LoadedModel& model, const ExampleView& example) {
  constexpr std::size_t kTokens = 24;
  const std::span<const TokenId> document = example.document(0);
  std::string text = model.tokenizer->decode(document.first(std::min(document.size(), kTokens)));
  std::replace(text.begin(), text.end(), '\n', ' ');
  return fmt::format("'{}...'", text);
}

// Of the same identity: then only the length was another.
bool has_other_outputs(const StageContext& stage) {
  for (const std::string& name : list_folder(stage.work.folder())) {
    if (name.starts_with("output-") && !is_set_aside(name) && SealedFolder::looks_sealed(stage.work.folder() / name))
      return true;
  }
  return false;
}

std::string detail(const StepRecord& record) {
  return fmt::format("loss {:.4f}, norm {:.3f}, rate {:.2e}, {:.0f} tokens/s", record.loss, record.gradient_norm,
                     record.learning_rate, record.tokens_per_second);
}

}  // namespace

void check_sample(const Tokenizer& tokenizer, const Example& example) {
  const TargetSpan& span = example.spans.front();
  check_sample(tokenizer,
               make_sample(example.documents[static_cast<std::size_t>(span.document)], span.first, span.tokens));
}

void run_training(StageContext& stage, LoadedModel& model, TrainingJob job) {
  if (job.examples.empty())
    fail_user("there are no training examples: all were left out as too long, or the problem set is empty");
  check_length(model.decoder->config(), job.examples.tallies().longest);
  const Groups groups = stage.groups;
  ParameterSet& parameters = model.decoder->parameters();
  release_freed_memory();  // what reading and tokenising took does not lie below the training
  Trainer trainer(*model.decoder, groups, job.settings, job.weights, stage.seed(), job.examples, job.validation);
  std::optional<Record> record;
  const auto on_saved = [&](std::int64_t step, const SavedCheckpoint& saved) {
    if (record) record->saved(step, saved);
    stage.work.note_save(saved.durable_seconds);
    stage.log.info("{}: checkpoint of step {} is on the disk after {:.2f} s; training stood still for {:.3f} s of them",
                   stage.plan.name, step, saved.durable_seconds, saved.stall_seconds);
  };
  Checkpoints checkpoints(checkpoints_of(stage.work.folder()), groups, stage.log,
                          {.stage = stage.plan.name,
                           .identity = stage.plan.identity,
                           .save = job.settings.save,
                           .keep = job.settings.keep,
                           .needs_best = job.settings.result == ResultWeights::best,
                           .files = model.files(),
                           .parents = groups.world.rank() == 0 ? stage.inputs.parents() : std::vector<Parent>(),
                           .before_save = [&] { stage.work.require_place(); },
                           .on_saved = on_saved,
                           .on_damaged = [&](const std::filesystem::path& where,
                                             const std::string& why) { stage.work.note_set_aside(where, why); }});
  if (job.settings.compute == Compute::bfloat16 && parameters.flat().is_cpu() && !has_native_bfloat16() &&
      stage.log.informs()) {
    stage.log.warn(
        "{}: this processor has no instructions for bfloat16 (avx512_bf16): training.compute: bfloat16 is emulated and "
        "slower "
        "than float32",
        stage.plan.name);
  }
  const bool resumed = checkpoints.restore(parameters, trainer);
  if (!resumed && (has_other_outputs(stage) || !sealed_cursors(checkpoints_of(stage.work.folder())).empty())) {
    stage.log.warn(
        "{} was trained for another length before, but no checkpoint to go on from is left in {}: it begins at step 0",
        stage.plan.name, (checkpoints_of(stage.work.folder())).string());
  }
  if (trainer.num_steps() > 0 && trainer.warmup_steps() > trainer.num_steps()) {
    stage.log.warn("{}: the warm-up takes {} steps, the whole training {}: the learning rate does not reach its peak",
                   stage.plan.name, trainer.warmup_steps(), trainer.num_steps());
  }
  if (!resumed && stage.log.informs()) show_sample(stage, *model.tokenizer, job.examples[0]);

  const std::int64_t first_step = trainer.cursor().step;
  if (groups.world.rank() == 0) {
    const std::vector<TrainCursor> saved = sealed_cursors(checkpoints_of(stage.work.folder()));
    keep_later_steps(stage.work.folder(), stage.work.owner(), first_step, saved.empty() ? 0 : saved.back().step);
    record.emplace(stage, first_step, job.measure.name);
    if (const std::int64_t foreign = record->foreign_lines(); foreign > 0) {
      stage.log.warn("{}: {} lines of steps.jsonl are damaged, of other work or no records of steps, and are left out",
                     stage.plan.name, foreign);
    }
  }
  stage.progress.begin(stage.plan.name, trainer.num_steps(), first_step);

  StandstillWatch standstill(job.weights);
  const auto warn_of_standstill = [&](const std::optional<std::string>& words) {
    if (words && stage.log.informs()) stage.log.warn("{}: {}", stage.plan.name, *words);
  };
  TrainHooks hooks;
  hooks.on_step = [&](const StepRecord& r) {
    warn_of_standstill(standstill.step(r));
    if (record) record->step(r);
    if (r.skipped && stage.log.informs())
      stage.log.warn("{}: step {} is skipped: its loss or gradient is no number; {}", stage.plan.name, r.step,
                     r.suspects);
    stage.progress.update(r.step, detail(r));
  };
  hooks.background_done = [&] { return checkpoints.ready(); };
  hooks.before_update = [&] { checkpoints.wait_until_written(); };
  hooks.advance_background = [&] { checkpoints.advance(); };
  hooks.on_validation = [&](const ValidationRecord& r) {
    if (record) record->validation(r);
    stage.log.info("{}: validation loss {:.4f}{} after step {}", stage.plan.name, r.loss,
                   r.measure ? fmt::format(", {} {:.4f}", job.measure.name, *r.measure) : "", r.step);
  };
  hooks.measure = job.measure.measure;
  hooks.measure_decides = job.measure.decides;
  hooks.save = [&](const TrainCursor& cursor, bool) { checkpoints.save(parameters, trainer, cursor); };
  hooks.stop_seen = [&] { return stage.stop.seen(); };
  hooks.describe = [&](std::int64_t example) { return opening_words(model, job.examples[example]); };
  TrainResult result;
  try {
    const StopLead::Work work = stage.stop.work_begins();
    result = trainer.run(hooks);
  } catch (const StopRequested&) {  // on every rank: the promise of a sealed checkpoint is kept first
    checkpoints.finish();
    throw;
  }
  checkpoints.finish();
  stage.progress.end();
  warn_of_standstill(standstill.end());

  const bool take_best = job.settings.result == ResultWeights::best && result.cursor.best_step >= 0;
  if (take_best && result.cursor.best_step != result.cursor.step)
    checkpoints.load_best(result.cursor.best_step, parameters);
  nlohmann::ordered_json body;
  body["training"] = {{"steps", result.cursor.step},
                      {"examples", result.cursor.position},
                      {"tokens", result.cursor.num_tokens},
                      {"consumed_digest", result.cursor.consumed_digest},
                      {"result_step", take_best ? result.cursor.best_step : result.cursor.step}};
  if (result.cursor.best_step >= 0) {
    body["training"]["best_step"] = result.cursor.best_step;
    body["training"]["best_validation_loss"] = result.cursor.best_validation_loss;
    if (job.measure.measure) body["training"]["best_" + job.measure.name] = result.cursor.best_measure;
  }
  body["data"] = job.facts;
  seal_model(stage, model, body);
}

}  // namespace ft
