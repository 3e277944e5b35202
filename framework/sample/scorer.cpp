#include "framework/sample/scorer.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "framework/base/error.h"
#include "framework/model/packed_products.h"
#include "framework/sample/prefix_attention.h"

namespace ft {
namespace {

// One sequence whose tail predicts label tokens: row `first_row + j` of the sequence predicts targets[j].
struct Document {
  std::vector<TokenId> tokens;
  struct Target {
    std::int64_t row = 0;  // within the document
    TokenId token = 0;
    double* sum = nullptr;  // where its log-probability is added
  };
  std::vector<Target> targets;
};

// prompt + label without its last token. Labels with the same such beginning (all labels of one token) share a
// document.
void add_label(std::vector<Document>& documents, std::size_t first, std::span<const TokenId> prompt,
               std::span<const TokenId> label, double* sum) {
  std::vector<TokenId> tokens(prompt.begin(), prompt.end());
  tokens.insert(tokens.end(), label.begin(), label.end() - 1);
  auto place = std::find_if(documents.begin() + static_cast<std::ptrdiff_t>(first), documents.end(),
                            [&](const Document& d) { return d.tokens == tokens; });
  if (place == documents.end()) place = documents.insert(documents.end(), Document{std::move(tokens), {}});
  const auto row = static_cast<std::int64_t>(prompt.size()) - 1;
  for (std::size_t j = 0; j < label.size(); ++j) {
    place->targets.push_back({row + static_cast<std::int64_t>(j), label[j], sum});
  }
}

// Tokens that all documents begin with, and that come before any row which predicts.
std::int64_t shared_length(std::span<const Document> documents) {
  if (documents.size() < 2) return 0;
  const std::vector<TokenId>& first = documents.front().tokens;
  auto length = std::ssize(first);
  for (const Document& document : documents) {
    const auto [end, other] = std::ranges::mismatch(first, document.tokens);
    length = std::min(length, end - first.begin());
    for (const auto& target : document.targets) length = std::min(length, target.row);
  }
  return length;
}

// `beginning` is null where every document is computed whole.
void score_pack(Decoder& model, std::span<const Document> documents, const RememberedAttention* beginning) {
  const std::int64_t before = beginning == nullptr ? 0 : beginning->length();
  std::vector<std::int64_t> offsets = {0}, lengths, tokens, positions, rows, targets;
  for (const Document& document : documents) {
    for (const auto& target : document.targets) {
      rows.push_back(offsets.back() + target.row - before);
      targets.push_back(target.token);
    }
    tokens.insert(tokens.end(), document.tokens.begin() + before, document.tokens.end());
    for (std::int64_t i = before; i < std::ssize(document.tokens); ++i) positions.push_back(i);
    lengths.push_back(std::ssize(document.tokens) - before);
    offsets.push_back(std::ssize(tokens));
  }
  const at::Device device = model.parameters().flat().device();
  const auto tensor = [&](const std::vector<std::int64_t>& v) { return at::tensor(v, at::kLong).to(device); };
  std::unique_ptr<AttentionContext> context;
  if (beginning == nullptr) {
    context = std::make_unique<PackedAttention>(offsets);
  } else {
    context = std::make_unique<ContinuedAttention>(*beginning, lengths);
  }
  const at::Tensor hidden = model.forward(tensor(tokens), tensor(positions), *context);  // [T, H]
  const at::Tensor log_probs = model.log_probs(hidden, tensor(rows), tensor(targets)).to(at::kCPU, at::kDouble);  // [M]
  const double* next = log_probs.const_data_ptr<double>();
  for (const Document& document : documents) {
    for (const auto& target : document.targets) *target.sum += *next++;
  }
}

}  // namespace

double LabelLogProbs::log_score() const {
  const double x = incorrect - correct;
  return -(std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))));  // -softplus(x), without overflow
}

std::vector<LabelLogProbs> score_prompts(Decoder& model, std::span<const std::vector<TokenId>> prompts,
                                         const Labels& labels, std::int64_t tokens_per_micro_batch,
                                         const std::function<bool()>& stop, const std::vector<bool>& wanted) {
  FT_CHECK(wanted.empty() || wanted.size() == prompts.size(), "{} wishes for {} prompts", wanted.size(),
           prompts.size());
  FT_CHECK(!labels.correct.empty() && !labels.incorrect.empty(), "a label has no tokens");
  FT_CHECK(tokens_per_micro_batch > 0, "{} tokens in a micro-batch", tokens_per_micro_batch);
  const at::NoGradGuard no_grad;

  // Equal prompts are computed once: easy problems get the same solution many times.
  std::map<std::vector<TokenId>, std::size_t> index_of;
  std::vector<std::size_t> index(prompts.size());
  for (std::size_t i = 0; i < prompts.size(); ++i) {
    FT_CHECK(!prompts[i].empty(), "prompt {} is empty", i);
    index[i] = index_of.emplace(prompts[i], index_of.size()).first->second;
  }
  std::vector<LabelLogProbs> unique(index_of.size());
  std::vector<Document> documents;
  std::vector<bool> seen(unique.size()), wanted_once(unique.size(), wanted.empty());
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (wanted[i]) wanted_once[index[i]] = true;
  }
  std::vector<bool> is_wanted;  // of each document
  for (std::size_t i = 0; i < prompts.size(); ++i) {
    if (seen[index[i]]) continue;
    seen[index[i]] = true;
    const std::size_t first = documents.size();
    add_label(documents, first, prompts[i], labels.correct, &unique[index[i]].correct);
    add_label(documents, first, prompts[i], labels.incorrect, &unique[index[i]].incorrect);
    is_wanted.resize(documents.size(), wanted_once[index[i]]);
  }
  // Elsewhere the bits of a row may depend on the rows beside it, and attention over pages goes row by row.
  const std::int64_t shared = all_packed(model) ? shared_length(documents) : 0;
  std::size_t kept = 0;
  for (std::size_t i = 0; i < documents.size(); ++i) {
    if (is_wanted[i]) std::swap(documents[kept++], documents[i]);
  }
  documents.resize(kept);
  if (documents.empty()) return std::vector<LabelLogProbs>(prompts.size());
  std::optional<RememberedAttention> beginning;
  if (shared > 0) {
    if (stop && stop()) return {};
    beginning.emplace(shared);
    const auto device = model.parameters().flat().device();
    const std::vector<std::int64_t> tokens(documents.front().tokens.begin(), documents.front().tokens.begin() + shared);
    (void)model.forward(at::tensor(tokens, at::kLong).to(device), at::arange(shared, at::kLong).to(device), *beginning);
  }
  const auto size_of = [&](const Document& document) { return std::ssize(document.tokens) - shared; };
  for (std::size_t begin = 0; begin < documents.size();) {
    if (stop && stop()) return {};
    std::size_t end = begin;
    auto room = tokens_per_micro_batch;
    do {
      room -= size_of(documents[end++]);
    } while (end < documents.size() && size_of(documents[end]) <= room);
    score_pack(model, std::span(documents).subspan(begin, end - begin), beginning ? &*beginning : nullptr);
    begin = end;
  }
  std::vector<LabelLogProbs> result(prompts.size());
  for (std::size_t i = 0; i < prompts.size(); ++i) result[i] = unique[index[i]];
  return result;
}

}  // namespace ft
