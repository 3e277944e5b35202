// Looks at one model by hand: its logits, its export, its speed. Not part of any suite.
//
//   model_probe logits FOLDER OUT.bin < tokens        writes [T, vocab] float32 of the token ids on standard input
//   model_probe export (FOLDER | tiny | tiny-gqa) OUT writes the model as a Hugging Face folder
//   model_probe time (FOLDER | tiny | tiny-gqa) TOKENS LENGTH REPEATS [SHARE]
//       forward and backward of a pack of TOKENS in documents of LENGTH, in one thread; SHARE (default 1) of the tokens
//       are targets
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

#include "framework/base/error.h"
#include "framework/kernels/adamw.h"
#include "framework/kernels/allocator.h"
#include "framework/model/decoder.h"

namespace {

using at::Tensor;
using Arguments = std::vector<std::string>;

std::unique_ptr<ft::Decoder> open_model(const std::string& name) {
  const auto factory = ft::make_dense_factory();
  if (std::filesystem::is_directory(name)) {
    auto model = std::make_unique<ft::Decoder>(ft::read_model_config(name), *factory);
    ft::load_hugging_face(*model, name);
    return model;
  }
  auto model = std::make_unique<ft::Decoder>(ft::preset_config(name, 61), *factory);
  ft::initialise(*model, 1);
  return model;
}

void write_logits(const Arguments& arguments) {
  const auto model = open_model(arguments.at(0));
  const std::vector<std::int64_t> tokens((std::istream_iterator<std::int64_t>(std::cin)), {});
  const auto count = static_cast<std::int64_t>(tokens.size());
  const at::NoGradGuard no_grad;
  ft::PackedAttention attention({0, count});
  const Tensor logits = model->logits(model->forward(at::tensor(tokens), at::arange(count), attention)).contiguous();
  std::ofstream out(arguments.at(1), std::ios::binary);
  out.write(static_cast<const char*>(logits.const_data_ptr()), static_cast<std::streamsize>(logits.nbytes()));
}

void export_model(const Arguments& arguments) {
  std::filesystem::create_directories(arguments.at(1));
  ft::save_hugging_face(*open_model(arguments.at(0)), arguments.at(1));
}

// Processor seconds of this process: its one thread may wait for others on a busy machine.
double processor_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

void time_training(const Arguments& arguments) {
  const auto model = open_model(arguments.at(0));
  const std::int64_t tokens = std::stoll(arguments.at(1)), length = std::stoll(arguments.at(2));
  const double share = arguments.size() > 4 ? std::stod(arguments[4]) : 1.0;
  std::vector<std::int64_t> offsets;
  for (std::int64_t t = 0; t < tokens; t += length) offsets.push_back(t);
  offsets.push_back(tokens);
  const Tensor gradient = at::zeros({model->parameters().size()});
  const Tensor moments = at::zeros({2, model->parameters().size()});
  model->parameters().set_gradient(gradient);
  const Tensor ids = (at::arange(tokens) * 7919).remainder(model->config().vocab_size);
  const Tensor positions = at::arange(tokens).remainder(length);
  const Tensor rows = (at::arange(static_cast<std::int64_t>(tokens * share)) / share).to(at::kLong);
  for (int repeat = 0; repeat < std::stoi(arguments.at(3)); ++repeat) {
    ft::PackedAttention attention(offsets);
    double start = processor_seconds();
    const Tensor hidden = model->forward(ids, positions, attention);
    const double body = processor_seconds() - start;
    const Tensor loss = -model->log_probs(hidden, rows, ids.index_select(0, rows)).mean();
    const double forward = processor_seconds() - start;
    loss.backward();
    const double total = processor_seconds() - start;
    start = processor_seconds();
    ft::adamw_step(model->parameters().flat(), gradient, moments[0], moments[1], 1e-5, 0.9, 0.95, 1e-8, 0.0, 1, 1.0);
    fmt::print(
        "{:.3f} processor s: layers forward {:.3f}, head forward {:.3f}, backward {:.3f}; {:.0f} tokens/s; AdamW "
        "{:.3f} s\n",
        total, body, forward - body, total - forward, static_cast<double>(tokens) / total, processor_seconds() - start);
  }
}

}  // namespace

int main(int argc, char** argv) {
  ft::keep_freed_memory_mapped();
  at::set_num_threads(1);
  const Arguments arguments(argv + std::min(argc, 2), argv + argc);
  const std::string verb = argc > 1 ? argv[1] : "";
  try {
    if (verb == "logits") {
      write_logits(arguments);
    } else if (verb == "export") {
      export_model(arguments);
    } else if (verb == "time") {
      time_training(arguments);
    } else {
      ft::fail_user("usage: model_probe logits|export|time ...");
    }
  } catch (const std::exception& error) {
    fmt::print(stderr, "model_probe: {}\n", error.what());
    return 1;
  }
  return 0;
}
