#include "framework/recipe/stage_examples.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "framework/base/digest.h"
#include "framework/batching/example_store.h"
#include "framework/comm/one_rank.h"
#include "framework/kernels/allocator.h"
#include "framework/store/files.h"

namespace ft {
namespace {

constexpr std::size_t kStoreDigits = 32;  // of a store's key, in its folder's name

std::string key_of(const StageContext& stage, const Tokenizer& tokenizer, const LengthLimit& limit,
                   const ExampleSource& source) {
  std::vector<std::string> parts = {stage.plan.recipe_name, stage.plan.recipe_version};
  for (const InputContent& input : stage.plan.contents) {
    if (input.key == "plugin") parts.push_back(to_text(input.files));  // a user's recipe counts by its bytes
  }
  const PromptTemplates& prompts = stage.run.prompts;
  parts.insert(parts.end(), {prompts.solver, prompts.verifier, prompts.correct, prompts.incorrect});
  Sha256 vocabulary;
  for (const auto& [name, content] : tokenizer.files())
    vocabulary.update(fmt::format("{} {}:", name, content.size())).update(content);
  parts.push_back(vocabulary.finish());
  parts.push_back(fmt::format("{} {} {}", limit.max_length, limit.tokens_per_lane,
                              limit.too_long == TooLong::refuse ? "refuse" : "drop"));
  parts.push_back(std::to_string(kProblemsABlock));
  parts.insert(parts.end(), source.decided_by.begin(), source.decided_by.end());
  return example_key(parts);
}

// One stage's examples on their way to being complete.
class Tokenising {
 public:
  Tokenising(StageContext& stage, const ExampleStore& store, const LengthLimit& limit, const ExampleSource& source)
      : stage_(stage), world_(stage.groups.world), store_(store), limit_(limit), source_(source) {}

  // Looks at every byte that is there, each rank at its share. True where nothing is missing.
  bool find() {
    // Only rank 0 asks for the index: a client of NFS that has asked in vain may not see it for a while once it is
    // there.
    const StoreIndex index =
        index_from(on_rank_zero(world_, "index of the examples", [this] { return to_bytes(store_.read_index()); }));
    StoredBlocks mine;
    stage_.together("looking at the examples", [&] {
      const auto check_stop = [this] { stage_.stop.check(); };
      mine = index.sound ? store_.check(index, world_.rank(), world_.size(), check_stop)
                         : store_.scan(world_.rank(), world_.size(), check_stop);
    });
    gather(mine.found);
    std::string complaint = index.complaint;
    for (const std::string& of_rank : world_.all_gather_bytes("complaints about the examples", mine.complaint)) {
      if (complaint.empty()) complaint = of_rank;
    }
    if (index.sound && found_.size() == index.found.size()) {
      stage_.log.info("{}: its examples are there already", source_.name);
      return true;
    }
    tell(complaint, index.sound || !index.complaint.empty());
    on_rank_zero(world_, "examples to be made", [&] {
      store_.remove_index();  // what is made from now on counts at the next start
      return std::string();
    });
    return false;
  }

  void make_missing() {
    const std::int64_t problems = source_.begin(store_.folder());
    const std::int64_t num_blocks = (problems + kProblemsABlock - 1) / kProblemsABlock;
    std::erase_if(found_, [&](const BlockRecord& record) { return record.number < 0 || record.number >= num_blocks; });
    if (!found_.empty())
      stage_.log.info("{}: {} of {} blocks of examples are there already", source_.name, found_.size(), num_blocks);
    const std::vector<std::int64_t> share = share_of_missing(num_blocks);
    std::vector<BlockRecord> made;
    stage_.together("tokenising " + source_.name, [&] { made = make(share); });
    gather(made);
    FT_CHECK(std::ssize(found_) == num_blocks, "{} of {} blocks of the examples of '{}' were made", found_.size(),
             num_blocks, source_.name);
    on_rank_zero(world_, "new index of the examples", [&] {
      store_.write_index(found_);
      remove_leftovers(store_.folder());
      return std::string();
    });
    release_freed_memory();
  }

 private:
  void tell(const std::string& complaint, bool was_whole) {
    if (complaint.empty()) return;
    const std::string text = fmt::format("{}: {}; what is not whole is tokenised again", source_.name, complaint);
    if (was_whole && stage_.log.informs()) {
      stage_.log.warn("{}", text);
    } else {
      stage_.log.info("{}", text);
    }
  }

  void gather(const std::vector<BlockRecord>& mine) {
    for (const std::string& bytes : world_.all_gather_bytes("blocks of examples", to_bytes(mine))) {
      const std::vector<BlockRecord> of_rank = records_from(bytes);
      found_.insert(found_.end(), of_rank.begin(), of_rank.end());
    }
    found_ = in_order(std::move(found_));
  }

  std::vector<std::int64_t> share_of_missing(std::int64_t num_blocks) const {
    std::vector<std::int64_t> missing;
    auto there = found_.begin();
    for (std::int64_t block = 0; block < num_blocks; ++block) {
      if (there != found_.end() && there->number == block) {
        ++there;
      } else {
        missing.push_back(block);
      }
    }
    // Some that follow each other, for they are made from the same files.
    const std::ptrdiff_t count = std::ssize(missing), ranks = world_.size();
    return {missing.begin() + count * world_.rank() / ranks, missing.begin() + count * (world_.rank() + 1) / ranks};
  }

  std::vector<BlockRecord> make(const std::vector<std::int64_t>& share) {
    std::vector<BlockRecord> made;
    if (share.empty()) return made;
    ExamplePiece piece = store_.piece(world_.rank(), end_of_piece(found_, world_.rank()));
    stage_.progress.begin("tokenising " + source_.name, std::ssize(share));
    source_.make(share, [&](std::int64_t block, const std::function<void(ExampleSet&)>& fill) {
      stage_.stop.check();
      ExampleSet set(limit_);
      fill(set);
      made.push_back(piece.append(pack_block({.key = store_.key(), .number = block}, set.examples(), set.tallies())));
      stage_.progress.update(std::ssize(made), "blocks of examples");
    });
    FT_CHECK(made.size() == share.size(), "{} of {} blocks of examples were made", made.size(), share.size());
    stage_.progress.end();
    piece.sync();
    return made;
  }

  StageContext& stage_;
  Communicator& world_;
  const ExampleStore& store_;
  const LengthLimit& limit_;
  const ExampleSource& source_;
  std::vector<BlockRecord> found_;  // sound ones, in order
};

// The folder of a store, or what a kill has left of one on its way out (store/files.h).
bool is_store(std::string_view name) {
  if (name.starts_with('.')) name.remove_prefix(1);
  const auto is_digit = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  return name.size() >= kStoreDigits && std::ranges::all_of(name.substr(0, kStoreDigits), is_digit) &&
         (name.size() == kStoreDigits || name[kStoreDigits] == '.');
}

// The end of the line of a text that begins so.
std::string line_of(const std::string& text, const std::string& begin) {
  const std::size_t at = text.starts_with(begin) ? 0 : text.find("\n" + begin);
  FT_CHECK(at != std::string::npos, "no line begins with '{}' in {}", begin, text);
  const std::size_t from = at + (at == 0 && text.starts_with(begin) ? 0 : 1) + begin.size();
  return text.substr(from, text.find('\n', from) - from);
}

}  // namespace

Examples stage_examples(StageContext& stage, const Tokenizer& tokenizer, const LengthLimit& limit,
                        const ExampleSource& source) {
  Communicator& world = stage.groups.world;
  const std::string key = key_of(stage, tokenizer, limit, source);
  check_same(world, "what decides the examples", key);
  const ExampleStore store(examples_folder(stage.run) / key.substr(0, kStoreDigits), key);
  on_rank_zero(world, "folder of the examples", [&] {
    make_folder(store.folder());
    remove_leftovers(store.folder());
    return std::string();
  });
  Tokenising tokenising(stage, store, limit, source);
  if (!tokenising.find()) tokenising.make_missing();
  return store.open();
}

std::string problems_digest(const StagePlan& stage, const std::string& key) {
  const std::string texts = stage.identity_text + stage.extent_text;
  return sha256(line_of(texts, fmt::format("input {}: ", key)) + "\n" +
                line_of(texts, fmt::format("extent of {}: ", key)));
}

std::filesystem::path examples_folder(const RunPlan& plan) {
  return std::filesystem::path(plan.run.folder) / "examples";
}

void sweep_examples(const RunPlan& plan) {
  const std::filesystem::path folder = examples_folder(plan);
  if (!is_folder(folder)) return;
  for (const std::string& name : list_folder(folder)) {
    if (is_store(name)) discard_folder(folder / name);
  }
  // A link leads to where a user wants them; what else is there is not the run's.
  if (look_at_entry(folder).kind != Found::Kind::folder || !list_folder(folder).empty()) return;
  if (::rmdir(folder.c_str()) != 0) fail_system("remove", folder, errno);
}

}  // namespace ft
