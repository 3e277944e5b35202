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

// One stage's training, from its newest checkpoint to its sealed model.
class TrainingRun {
 public:
  TrainingRun(StageContext& stage, LoadedModel& model, TrainingJob job)
      : stage_(stage),
        model_(model),
        job_(std::move(job)),
        trainer_(*model.decoder, stage.groups, job_.settings, job_.weights, stage.seed(), job_.examples,
                 job_.validation),
        checkpoints_(checkpoints_of(stage.work.folder()), stage.groups, stage.log, checkpoint_options()),
        standstill_(job_.weights) {}
  void resume();
  TrainResult train();
  void seal(const TrainResult& result);

 private:
  CheckpointOptions checkpoint_options();
  void warn_of_settings();
  void open_record();
  TrainHooks hooks();
  void on_saved(std::int64_t step, const SavedCheckpoint& saved);
  void on_step(const StepRecord& r);
  void on_validation(const ValidationRecord& r);
  void warn_of_standstill(const std::optional<std::string>& words) {
    if (words && stage_.log.informs()) stage_.log.warn("{}: {}", stage_.plan.name, *words);
  }
  ParameterSet& parameters() { return model_.decoder->parameters(); }

  StageContext& stage_;
  LoadedModel& model_;
  TrainingJob job_;
  Trainer trainer_;
  std::optional<Record> record_;  // of rank 0
  Checkpoints checkpoints_;
  StandstillWatch standstill_;
};

CheckpointOptions TrainingRun::checkpoint_options() {
  return {.stage = stage_.plan.name,
          .identity = stage_.plan.identity,
          .save = job_.settings.save,
          .keep = job_.settings.keep,
          .needs_best = job_.settings.result == ResultWeights::best,
          .files = model_.files(),
          .parents = stage_.groups.world.rank() == 0 ? stage_.inputs.parents() : std::vector<Parent>(),
          .before_save = [this] { stage_.work.require_place(); },
          .on_saved = [this](std::int64_t step, const SavedCheckpoint& saved) { on_saved(step, saved); },
          .on_damaged = [this](const std::filesystem::path& where,
                               const std::string& why) { stage_.work.note_set_aside(where, why); }};
}

void TrainingRun::on_saved(std::int64_t step, const SavedCheckpoint& saved) {
  if (record_) record_->saved(step, saved);
  stage_.work.note_save(saved.durable_seconds);
  stage_.log.info("{}: checkpoint of step {} is on the disk after {:.2f} s; training stood still for {:.3f} s of them",
                  stage_.plan.name, step, saved.durable_seconds, saved.stall_seconds);
}

void TrainingRun::warn_of_settings() {
  if (job_.settings.compute == Compute::bfloat16 && parameters().flat().is_cpu() && !has_native_bfloat16() &&
      stage_.log.informs()) {
    stage_.log.warn(
        "{}: this processor has no instructions for bfloat16 (avx512_bf16): training.compute: bfloat16 is emulated and "
        "slower than float32",
        stage_.plan.name);
  }
  if (trainer_.num_steps() > 0 && trainer_.warmup_steps() > trainer_.num_steps()) {
    stage_.log.warn("{}: the warm-up takes {} steps, the whole training {}: the learning rate does not reach its peak",
                    stage_.plan.name, trainer_.warmup_steps(), trainer_.num_steps());
  }
}

void TrainingRun::resume() {
  warn_of_settings();
  const std::filesystem::path folder = checkpoints_of(stage_.work.folder());
  const bool resumed = checkpoints_.restore(parameters(), trainer_);
  if (!resumed && (has_other_outputs(stage_) || !sealed_cursors(folder).empty())) {
    stage_.log.warn(
        "{} was trained for another length before, but no checkpoint to go on from is left in {}: it begins at step 0",
        stage_.plan.name, folder.string());
  }
  if (!resumed && stage_.log.informs()) show_sample(stage_, *model_.tokenizer, job_.examples[0]);
  if (stage_.groups.world.rank() == 0) open_record();
  stage_.progress.begin(stage_.plan.name, trainer_.num_steps(), trainer_.cursor().step);
}

void TrainingRun::open_record() {
  const std::int64_t first_step = trainer_.cursor().step;
  const std::vector<TrainCursor> saved = sealed_cursors(checkpoints_of(stage_.work.folder()));
  keep_later_steps(stage_.work.folder(), stage_.work.owner(), first_step, saved.empty() ? 0 : saved.back().step);
  record_.emplace(stage_, first_step, job_.measure.name);
  if (const std::int64_t foreign = record_->foreign_lines(); foreign > 0) {
    stage_.log.warn("{}: {} lines of steps.jsonl are damaged, of other work or no records of steps, and are left out",
                    stage_.plan.name, foreign);
  }
}

void TrainingRun::on_step(const StepRecord& r) {
  warn_of_standstill(standstill_.step(r));
  if (record_) record_->step(r);
  if (r.skipped && stage_.log.informs()) {
    stage_.log.warn("{}: step {} is skipped: its loss or gradient is no number; {}", stage_.plan.name, r.step,
                    r.suspects);
  }
  stage_.progress.update(r.step, detail(r));
}

void TrainingRun::on_validation(const ValidationRecord& r) {
  if (record_) record_->validation(r);
  stage_.log.info("{}: validation loss {:.4f}{} after step {}", stage_.plan.name, r.loss,
                  r.measure ? fmt::format(", {} {:.4f}", job_.measure.name, *r.measure) : "", r.step);
}

TrainHooks TrainingRun::hooks() {
  TrainHooks hooks;
  hooks.on_step = [this](const StepRecord& r) { on_step(r); };
  hooks.background_done = [this] { return checkpoints_.ready(); };
  hooks.before_update = [this] { checkpoints_.wait_until_written(); };
  hooks.advance_background = [this] { checkpoints_.advance(); };
  hooks.on_validation = [this](const ValidationRecord& r) { on_validation(r); };
  hooks.measure = job_.measure.measure;
  hooks.measure_decides = job_.measure.decides;
  hooks.save = [this](const TrainCursor& cursor, bool) { checkpoints_.save(parameters(), trainer_, cursor); };
  hooks.stop_seen = [this] { return stage_.stop.seen(); };
  hooks.describe = [this](std::int64_t example) { return opening_words(model_, job_.examples[example]); };
  return hooks;
}

TrainResult TrainingRun::train() {
  TrainResult result;
  try {
    const StopLead::Work work = stage_.stop.work_begins();
    result = trainer_.run(hooks());
  } catch (const StopRequested&) {  // on every rank: the promise of a sealed checkpoint is kept first
    checkpoints_.finish();
    throw;
  }
  checkpoints_.finish();
  stage_.progress.end();
  warn_of_standstill(standstill_.end());
  return result;
}

void TrainingRun::seal(const TrainResult& result) {
  const TrainCursor& end = result.cursor;
  const bool take_best = job_.settings.result == ResultWeights::best && end.best_step >= 0;
  if (take_best && end.best_step != end.step) checkpoints_.load_best(end.best_step, parameters());
  nlohmann::ordered_json body;
  body["training"] = {{"steps", end.step},
                      {"examples", end.position},
                      {"tokens", end.num_tokens},
                      {"consumed_digest", end.consumed_digest},
                      {"result_step", take_best ? end.best_step : end.step}};
  if (end.best_step >= 0) {
    body["training"]["best_step"] = end.best_step;
    body["training"]["best_validation_loss"] = end.best_validation_loss;
    if (job_.measure.measure) body["training"]["best_" + job_.measure.name] = end.best_measure;
  }
  body["data"] = job_.facts;
  seal_model(stage_, model_, body);
}

}  // namespace

void check_sample(const Tokenizer& tokenizer, const Example& example) {
  const TargetSpan& span = example.spans.front();
  check_sample(tokenizer,
               make_sample(example.documents[static_cast<std::size_t>(span.document)], span.first, span.tokens));
}

void run_training(StageContext& stage, LoadedModel& model, TrainingJob job) {
  FT_CHECK(std::holds_alternative<TrainingWork>(stage.plan.work),
           "recipe '{}' trains, but its work() does not say so (recipe/planned_work.h)", stage.plan.recipe_name);
  if (job.examples.empty())
    fail_user("there are no training examples: all were left out as too long, or the problem set is empty");
  check_length(model.decoder->config(), job.examples.tallies().longest);
  release_freed_memory();  // what reading and tokenising took does not lie below the training
  TrainingRun run(stage, model, std::move(job));
  run.resume();
  run.seal(run.train());
}

}  // namespace ft
