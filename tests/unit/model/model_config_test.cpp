#include "framework/model/model_config.h"

#include "framework/base/error.h"
#include "framework/model/rope.h"
#include "tests/support/doctest_torch.h"

namespace {

// A small Llama in the older spelling, with `more` keys put in front (a repeated key's last value counts in JSON).
std::string llama(const std::string& more = "", const std::string& family = "llama") {
  return "{\"model_type\": \"" + family + R"(", "vocab_size": 64, "hidden_size": 32, "intermediate_size": 48,
    "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 128,
    "rms_norm_eps": 1e-5, "rope_theta": 5000.0)" +
         (more.empty() ? "" : ", " + more) + "}";
}

ft::ModelConfig parse(const std::string& text) { return ft::parse_model_config(text, "config.json"); }

void refuses(const std::string& text, const char* why) {
  CAPTURE(text);
  CHECK_THROWS_WITH_AS(parse(text), doctest::Contains(why), ft::UserError);
}

}  // namespace

TEST_CASE("config.json is read in the older and the newer spelling") {
  const ft::ModelConfig old_style = parse(llama());
  CHECK(old_style.head_dim == 8);
  CHECK(old_style.rope.theta == 5000.0);
  CHECK_FALSE(old_style.tied_embeddings);
  CHECK_FALSE(old_style.qkv_bias);
  const std::string scaling = R"("rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
    "original_max_position_embeddings": 64)";
  const ft::ModelConfig scaled = parse(llama("\"rope_scaling\": {" + scaling + "}"));
  const ft::ModelConfig modern = parse(llama("\"rope_parameters\": {\"rope_theta\": 5000.0, " + scaling + "}"));
  REQUIRE(scaled.rope.type == ft::RopeType::llama3);
  CHECK(scaled.rope.original_max_position == 64);
  CHECK(at::equal(ft::rope_inverse_frequencies(scaled), ft::rope_inverse_frequencies(modern)));
  CHECK_FALSE(at::equal(ft::rope_inverse_frequencies(scaled), ft::rope_inverse_frequencies(old_style)));
  CHECK(parse(llama("", "qwen2")).qkv_bias);
  CHECK_FALSE(parse(llama("", "qwen2")).output_bias);
  CHECK(parse(llama("", "qwen3")).qk_norm);
  CHECK(parse(llama("", "qwen3")).head_dim == 128);
  CHECK(parse(llama("\"head_dim\": null")).head_dim == 8);
}

TEST_CASE("what is not supported is refused by name") {
  refuses(llama("", "gpt2"), "'gpt2'");
  refuses(llama("\"hidden_act\": \"gelu\""), "gelu");
  refuses(llama(R"("rope_scaling": {"type": "longrope", "factor": 2.0})"), "'longrope' is not supported");
  refuses(llama(R"("rope_scaling": {"type": "linear", "factor": 2.0, "finetuned": true})"), "'finetuned' is not known");
  refuses(llama(R"("rope_parameters": {"full_attention": {"rope_theta": 5.0}})"), "each type of layer");
  refuses(llama(R"("rope_parameters": {"rope_theta": 5.0}, "rope_scaling": {"type": "linear", "factor": 2.0})"),
          "contradict");
  refuses(llama(R"("logit_scale": 0.5)"), "logit_scale 0.5");
  refuses(llama(R"("final_logit_softcapping": 30.0)"), "final_logit_softcapping");
  refuses(llama(R"("num_local_experts": 8)"), "num_local_experts");
  refuses(llama(R"("architectures": ["LlamaForSequenceClassification"])"), "LlamaForSequenceClassification");
  refuses(llama(R"("attention_bias": true, "sliding_window": null)", "mistral"), "attention_bias");
  refuses(llama(R"("mlp_bias": true)", "qwen2"), "mlp_bias");
  refuses(llama(R"("layer_types": ["full_attention"])", "qwen3"), "one a layer");
  refuses(llama("\"quantization_config\": {\"bits\": 4}"), "quantization_config");
  refuses(llama("\"sliding_window\": 64", "mistral"), "sliding_window 64");
  refuses(llama("\"sliding_window\": 64, \"use_sliding_window\": true", "qwen2"), "sliding");
  refuses(llama("\"layer_types\": [\"full_attention\", \"sliding_attention\"]", "qwen3"), "sliding_attention");
  refuses(llama("\"partial_rotary_factor\": 0.5"), "partial_rotary_factor");
  CHECK_NOTHROW(parse(llama(R"("logit_scale": 1.0, "residual_multiplier": 1)")));
  CHECK_NOTHROW(parse(llama(R"("final_logit_softcapping": null, "num_local_experts": 0, "attention_dropout": 0.1)")));
  CHECK_NOTHROW(parse(llama(R"("use_sliding_window": true, "sliding_window": 64, "max_window_layers": 2)", "qwen2")));
  CHECK_NOTHROW(parse(llama("\"sliding_window\": null", "mistral")));
  CHECK_NOTHROW(parse(llama("\"sliding_window\": 128", "mistral")));
  CHECK_NOTHROW(parse(llama("\"sliding_window\": 64, \"use_sliding_window\": false", "qwen2")));
}

TEST_CASE("wrong values are refused with the key's name, several at once") {
  refuses("no json", "no JSON");
  refuses("[]", "no JSON object");
  refuses("{}", "model_type");
  refuses(llama("\"num_key_value_heads\": 3"), "no multiple of 3");
  refuses(llama("\"head_dim\": 7"), "odd");
  refuses(llama("\"hidden_size\": -5"), "hidden_size");
  refuses(llama("\"hidden_size\": 1e30"), "hidden_size");
  refuses(llama("\"vocab_size\": \"64\""), "vocab_size");
  refuses(llama("\"rms_norm_eps\": 0"), "rms_norm_eps");
  refuses(llama("\"tie_word_embeddings\": 1"), "tie_word_embeddings");
  refuses(llama("\"num_hidden_layers\": null, \"hidden_act\": \"relu\""), "num_hidden_layers");
  refuses(llama("\"num_hidden_layers\": null, \"hidden_act\": \"relu\""), "relu");
  CHECK_THROWS_WITH_AS(ft::read_model_config("/nonexistent"), doctest::Contains("config.json"), ft::UserError);
}

TEST_CASE("presets write a config.json that reads back the same") {
  for (const char* preset : {"tiny", "small", "tiny-gqa"}) {
    const ft::ModelConfig made = ft::preset_config(preset, 61);
    const ft::ModelConfig again = parse(ft::to_config_json(made));
    CHECK(again.num_parameters() == made.num_parameters());
    CHECK(again.tied_embeddings == made.tied_embeddings);
    CHECK(again.norm_epsilon == made.norm_epsilon);
    CHECK(at::equal(ft::rope_inverse_frequencies(again), ft::rope_inverse_frequencies(made)));
    CHECK(parse(ft::to_config_json(again)).num_heads == made.num_heads);
  }
  CHECK_THROWS_WITH_AS(ft::preset_config("tinny", 61), doctest::Contains("did you mean 'tiny'"), ft::UserError);
}

TEST_CASE("documents beyond what the model computes alike are refused") {
  const ft::ModelConfig plain = parse(llama()), window = parse(llama("\"sliding_window\": 128", "mistral"));
  const ft::ModelConfig dynamic = parse(llama(R"("rope_scaling": {"type": "dynamic", "factor": 2.0})"));
  CHECK_NOTHROW(ft::check_length(plain, 100000));
  for (const ft::ModelConfig& config : {window, dynamic}) {
    CHECK_NOTHROW(ft::check_length(config, 128));
    CHECK_THROWS_WITH_AS(ft::check_length(config, 129), doctest::Contains("beyond 128"), ft::UserError);
  }
}
