#include "framework/model/model_check.h"

#include <unistd.h>

#include <fstream>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>

#include "framework/base/error.h"
#include "framework/base/philox.h"
#include "framework/base/reading.h"
#include "framework/model/decoder.h"
#include "framework/model/finite_weights.h"
#include "tests/support/doctest_torch.h"

namespace fs = std::filesystem;

namespace {

const char* const kSizes =
    R"("vocab_size": 20, "hidden_size": 8, "intermediate_size": 12, "num_hidden_layers": 2, "num_attention_heads": 2,
  "num_key_value_heads": 1, "max_position_embeddings": 32)";

std::string config_text(const std::string& more = "", const std::string& family = "llama") {
  return "{\"model_type\": \"" + family + "\", " + kSizes + more + "}";
}

// A folder of its own that goes with the test.
struct Folder {
  fs::path path = fs::temp_directory_path() / ("ftrun_model_check_" + std::to_string(::getpid()));
  Folder() { fs::create_directories(path); }
  ~Folder() { fs::remove_all(path); }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(path / name, std::ios::binary) << text;
  }

  // config.json and weights of these names and shapes.
  void model(const std::string& config, const std::vector<ft::NamedShape>& shapes,
             const std::string& file = "model.safetensors") const {
    write("config.json", config);
    std::vector<ft::SafetensorsWriter::Entry> entries;
    for (const auto& [name, shape] : shapes) entries.push_back({name, shape});
    ft::SafetensorsWriter writer(path / file, entries);
    for (const auto& [name, shape] : shapes) {
      std::int64_t size = 1;
      for (const std::int64_t s : shape) size *= s;
      writer.write(std::vector<float>(static_cast<std::size_t>(size), 0.5f));
    }
    writer.finish();
  }
  void refuses(const char* why) const {
    CHECK_THROWS_WITH_AS((void)ft::check_model_folder(path), doctest::Contains(why), ft::UserError);
  }
};

std::vector<ft::NamedShape> shapes_of(const std::string& config) {
  return ft::parameter_shapes(ft::parse_model_config(config, "config.json"));
}

}  // namespace

TEST_CASE("the shapes by arithmetic are those of the decoder") {
  for (const char* family : {"llama", "mistral", "qwen2", "qwen3"}) {
    for (const char* more : {"", R"(, "tie_word_embeddings": true, "head_dim": 6)"}) {
      std::string text = config_text(more, family);
      if (std::string(family) == "mistral") text.insert(1, "\"sliding_window\": null, ");
      if (std::string(family) == "llama" && *more != 0)
        text.insert(1, "\"attention_bias\": true, \"mlp_bias\": true, ");
      CAPTURE(text);
      const ft::ModelConfig config = ft::parse_model_config(text, "config.json");
      const auto factory = ft::make_dense_factory(at::kMeta);
      const ft::Decoder decoder(config, *factory);
      std::map<std::string, std::vector<std::int64_t>> ours, theirs;
      for (const auto& [name, shape] : ft::parameter_shapes(config)) ours[name] = shape;
      for (const ft::Parameter& parameter : decoder.parameters().all()) theirs[parameter.name] = parameter.shape;
      CHECK(ours == theirs);
    }
  }
}

TEST_CASE("a sound folder gives its config") {
  const Folder folder;
  folder.model(config_text(), shapes_of(config_text()));
  for (const char* name : {"tokenizer.json", "generation_config.json", "trainer_state.json"}) folder.write(name, "{}");
  CHECK(ft::check_model_folder(folder.path).num_layers == 2);
}

TEST_CASE("a folder that is no model folder is told by what lies there") {
  const fs::path nowhere = "/nonexistent/model";
  CHECK_THROWS_WITH_AS((void)ft::check_model_folder(nowhere), doctest::Contains("there is no such folder"),
                       ft::UserError);
  CHECK_THROWS_WITH_AS((void)ft::check_model_folder("some/model"),
                       doctest::Contains("a model of a hub is not downloaded"), ft::UserError);
  const auto holds = [](const char* file, const char* why) {
    CAPTURE(file);
    const Folder folder;
    folder.write(file, "x");
    folder.refuses(why);
    folder.write("config.json", config_text());
    folder.refuses(why);
  };
  holds("adapter_config.json", "PEFT adapter");
  holds("model-Q4_K_M.gguf", "GGUF");
  holds("pytorch_model.bin", "pickle");
  holds("consolidated.00.pth", "makers' own format");
  holds("__0_0.distcp", "distributed checkpoint");
  holds("tf_model.h5", "TensorFlow");
  holds("model.safetensors.incomplete", "not downloaded to the end");
  const Folder folder;
  folder.refuses("is an empty folder");
  fs::create_directories(folder.path / "snapshots/0123");
  folder.write("snapshots/0123/config.json", "{}");
  folder.refuses("snapshots/0123");
  folder.write("config.json", config_text());
  folder.refuses("holds no weights");
  folder.write("model-00001-of-00002.safetensors", "");
  folder.refuses("get the index");
  fs::create_symlink("../blobs/77", folder.path / "model.safetensors");
  folder.refuses("is a link to '../blobs/77'");
}

TEST_CASE("weights that do not fit config.json are told from their headers") {
  const std::string text = config_text();
  const auto with = [&](const std::function<void(std::vector<ft::NamedShape>&)>& change, const char* why,
                        const std::string& config = "") {
    CAPTURE(why);
    const Folder folder;
    std::vector<ft::NamedShape> shapes = shapes_of(text);
    change(shapes);
    folder.model(config.empty() ? text : config, shapes);
    folder.refuses(why);
  };
  const auto prefixed = [](const std::string& prefix, bool keep_model = true) {
    return [=](std::vector<ft::NamedShape>& shapes) {
      for (auto& shape : shapes)
        shape.name = prefix + (keep_model || !shape.name.starts_with("model.") ? shape.name : shape.name.substr(6));
    };
  };
  with(prefixed("module."), "DataParallel");
  with(prefixed("_orig_mod."), "torch.compile");
  with(prefixed("language_model."), "vision and language");
  with(prefixed("base_model.model."), "merge the adapter");
  with(prefixed("", false), "without its head");
  with([](auto& shapes) { shapes.pop_back(); }, "tie_word_embeddings");
  with([](auto& shapes) { shapes[1].name = "model.layers.0.input_layrnorm.weight"; },
       "the nearest name is model.layers.0.input_layrnorm.weight");
  with([](auto& shapes) { shapes[0].shape = {24, 8}; }, "vocab_size must be 24");
  with([](auto& shapes) { shapes[2].shape = {8, 9}; }, "has shape [8, 9], but config.json makes it [8, 8]");
  with([](auto& shapes) { shapes.push_back({"model.layers.0.mlp.experts.0.weight", {2}}); }, "mixture of experts");
  with([](auto& shapes) { shapes.push_back({"model.layers.0.self_attn.q_proj.bias", {8}}); }, "attention_bias");
  with([](auto& shapes) { shapes.push_back({"model.layers.0.self_attn.q_proj.lora_A.weight", {8}}); }, "LoRA");
  with([](auto& shapes) { shapes.push_back({"model.layers.0.self_attn.q_proj.qweight", {8}}); }, "GPTQ");
  with([](auto& shapes) { shapes.push_back({"model.layers.0.mlp.gate_proj.weight_scale_inv", {1}}); }, "FP8");
  with([](auto& shapes) { shapes[2].name = "model.layers.0.self_attn.qkv_proj.weight"; }, "fused");
  with([](auto& shapes) { shapes.push_back({"visual.patch.weight", {2}}); }, "belongs to no part");
  with([](auto&) {}, "num_hidden_layers", config_text(R"(, "num_hidden_layers": 2000000000)"));
  with([](auto&) {}, "num_hidden_layers", config_text(R"(, "num_hidden_layers": 1)"));
  with([](auto&) {}, "attention_bias", config_text(R"(, "attention_bias": true)"));
}

TEST_CASE("dtypes that cannot be read are told from the headers") {
  for (const auto& [dtype, bytes, why] :
       {std::tuple("F64", 8, "double precision"), std::tuple("F8_E4M3", 1, "FP8"), std::tuple("I8", 1, "quantised"),
        std::tuple("F4", 1, "FP4"), std::tuple("X7", 1, "not known")}) {
    CAPTURE(dtype);
    const Folder folder;
    const auto shapes = shapes_of(config_text());
    std::string header = "{";
    std::int64_t end = 0;
    for (const auto& [name, shape] : shapes) {
      const std::int64_t begin = end;
      const bool this_one = name == "model.norm.weight";
      std::int64_t size = this_one ? bytes : 4;
      for (const std::int64_t s : shape) size *= s;
      end += size;
      header += fmt::format("{}\"{}\":{{\"dtype\":\"{}\",\"shape\":[{}],\"data_offsets\":[{},{}]}}",
                            begin == 0 ? "" : ",", name, this_one ? dtype : "F32", fmt::join(shape, ","), begin, end);
    }
    header += "}";
    const std::uint64_t length = header.size();
    folder.write("config.json", config_text());
    folder.write("model.safetensors", std::string(reinterpret_cast<const char*>(&length), 8) + header +
                                          std::string(static_cast<std::size_t>(end), 'x'));
    folder.refuses(why);
    folder.refuses("model.norm.weight");
  }
}

TEST_CASE("a weight that is no number is named when it is read") {
  const Folder folder;
  const auto factory = ft::make_dense_factory();
  ft::Decoder model(ft::parse_model_config(config_text(), "config.json"), *factory);
  ft::initialise(model, 1);
  model.parameters().at("model.layers.1.mlp.up_proj.weight").value.mutable_data_ptr<float>()[5] =
      std::numeric_limits<float>::quiet_NaN();
  ft::save_hugging_face(model, folder.path);
  CHECK_NOTHROW((void)ft::check_model_folder(folder.path));  // no header tells
  CHECK_THROWS_WITH_AS(
      ft::load_hugging_face(model, folder.path),
      doctest::Contains("model.layers.1.mlp.up_proj.weight holds 1 NaN and 0 infinite values, the first at element 5"),
      ft::UserError);
  CHECK_THROWS_WITH_AS(
      ft::require_finite_weights(folder.path / "model.safetensors"),
      doctest::Contains("model.layers.1.mlp.up_proj.weight holds 1 NaN and 0 infinite values, the first at element 5"),
      ft::UserError);
  model.parameters().at("model.layers.1.mlp.up_proj.weight").value.mutable_data_ptr<float>()[5] = 0;
  ft::save_hugging_face(model, folder.path);
  CHECK_NOTHROW(ft::require_finite_weights(folder.path / "model.safetensors"));
}

TEST_CASE("the last value of a tensor that is looked at in several parts is named by its place in all of it") {
  const Folder folder;
  const std::int64_t rows = 5, row = 3'000'000;  // two parts' worth and more
  std::vector<float> values(static_cast<std::size_t>(rows * row), 1.0F);
  values.back() = -std::numeric_limits<float>::infinity();
  ft::SafetensorsWriter writer(folder.path / "a.safetensors",
                               {{"rotary_emb.inv_freq", {1}}, {"w", {rows, row}}, {"x", {2}}});
  writer.write(std::vector<float>{std::numeric_limits<float>::quiet_NaN()});  // computed, never read
  writer.write(values);
  writer.write(std::vector<float>{1, 2});
  writer.finish();
  CHECK_THROWS_WITH_AS(ft::require_finite_weights(folder.path / "a.safetensors"),
                       doctest::Contains("tensor w holds 0 NaN and 1 infinite values, the first at element 14999999"),
                       ft::UserError);
}

TEST_CASE("a head that is stored though it is tied must be the embedding, which the check of a folder tells") {
  const Folder folder;
  const auto factory = ft::make_dense_factory();
  ft::Decoder model(ft::parse_model_config(config_text(), "config.json"), *factory);
  ft::initialise(model, 1);
  REQUIRE_FALSE(model.config().tied_embeddings);
  ft::save_hugging_face(model, folder.path);
  const auto tie = [&] {
    auto config = nlohmann::json::parse(ft::read_file(folder.path / "config.json"));
    config["tie_word_embeddings"] = true;
    std::ofstream(folder.path / "config.json") << config.dump();
  };
  tie();
  CHECK_THROWS_WITH_AS((void)ft::check_model_folder(folder.path),
                       doctest::Contains("lm_head.weight differs from model.embed_tokens.weight"), ft::UserError);
  at::Tensor head = model.parameters().at("lm_head.weight").value;
  {
    const at::NoGradGuard no_grad;
    head.copy_(model.parameters().at("model.embed_tokens.weight").value);
  }
  ft::save_hugging_face(model, folder.path);
  tie();
  CHECK_NOTHROW((void)ft::check_model_folder(folder.path));
}
