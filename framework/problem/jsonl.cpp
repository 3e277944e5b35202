#include "framework/problem/jsonl.h"

#include <zlib.h>

#include <array>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

#include "framework/base/reading.h"

namespace ft {
namespace {

using nlohmann::json;

// The length of the well-formed sequence at `at`, or 0 (the table of well-formed byte sequences in the Unicode
// standard, section 3.9).
std::size_t sequence_length(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0U; };
  const auto in = [&](std::size_t i, unsigned low, unsigned high) { return byte(i) >= low && byte(i) <= high; };
  const unsigned lead = byte(0);
  if (lead < 0x80) return 1;
  if (lead < 0xC2 || lead > 0xF4) return 0;
  if (lead < 0xE0) return in(1, 0x80, 0xBF) ? 2 : 0;
  if (lead < 0xF0) {
    const unsigned low = lead == 0xE0 ? 0xA0 : 0x80;
    const unsigned high = lead == 0xED ? 0x9F : 0xBF;
    return in(1, low, high) && in(2, 0x80, 0xBF) ? 3 : 0;
  }
  const unsigned low = lead == 0xF0 ? 0x90 : 0x80;
  const unsigned high = lead == 0xF4 ? 0x8F : 0xBF;
  return in(1, low, high) && in(2, 0x80, 0xBF) && in(3, 0x80, 0xBF) ? 4 : 0;
}

std::string_view kind_of(const json& value) {
  switch (value.type()) {
    case json::value_t::null:
      return "null";
    case json::value_t::object:
      return "an object";
    case json::value_t::array:
      return "a list";
    case json::value_t::string:
      return "a string";
    case json::value_t::boolean:
      return "true or false";
    case json::value_t::number_float:
      return "a number with a fraction";
    default:
      return "an integer";
  }
}

std::string listed(const std::vector<std::string>& names) {
  constexpr std::size_t kMost = 20;
  std::string text;
  for (std::size_t i = 0; i < names.size() && i < kMost; ++i) text += (i > 0 ? ", " : "") + names[i];
  if (names.size() > kMost) text += fmt::format(" and {} more", names.size() - kMost);
  return text.empty() ? "none" : text;
}

// The library's message without its prefix "[json.exception.parse_error.101] parse error at line 1, column 2: ".
std::string plain_message(std::string_view what) {
  for (std::string_view marker : {"] ", ": "}) {
    if (const auto at = what.find(marker); at != std::string_view::npos) what.remove_prefix(at + marker.size());
  }
  return std::string(what);
}

}  // namespace

std::optional<std::size_t> first_invalid_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = sequence_length(text, at);
    if (length == 0) return at;
    at += length;
  }
  return std::nullopt;
}

struct JsonRecord::Value {
  json object;
};

JsonRecord::JsonRecord(std::shared_ptr<const Value> value, Place place)
    : value_(std::move(value)), place_(std::move(place)) {}

JsonRecord JsonRecord::parse(std::string_view line, const Place& place) {
  if (const auto bad = first_invalid_utf8(line)) {
    fail_user({place.file, place.line, static_cast<int>(*bad) + 1},
              fmt::format("the byte 0x{:02x} is not valid UTF-8; convert the file, e.g. with iconv -t utf-8",
                          static_cast<unsigned char>(line[*bad])));
  }
  auto value = std::make_shared<Value>();
  try {
    value->object = json::parse(line);
  } catch (const json::parse_error& error) {
    fail_user({place.file, place.line, static_cast<int>(error.byte)},
              fmt::format("not valid JSON: {}", plain_message(error.what())));
  } catch (const json::out_of_range& error) {  // of the numbers, which the library cannot hold
    fail_user(place, fmt::format("a number is too large: {}; write it as text, in quotes", plain_message(error.what())));
  }
  if (!value->object.is_object()) {
    fail_user(place, fmt::format("each line must hold one JSON object {{...}}, but this line holds {}",
                                 kind_of(value->object)));
  }
  return {std::move(value), place};
}

bool JsonRecord::has(std::string_view field) const {
  const auto found = value_->object.find(field);
  return found != value_->object.end() && !found->is_null();
}

bool JsonRecord::is_integer(std::string_view field) const {
  const auto found = value_->object.find(field);
  return found != value_->object.end() && found->is_number_integer();
}

bool JsonRecord::is_number(std::string_view field) const {
  const auto found = value_->object.find(field);
  return found != value_->object.end() && found->is_number();
}

bool JsonRecord::is_boolean(std::string_view field) const {
  const auto found = value_->object.find(field);
  return found != value_->object.end() && found->is_boolean();
}

bool JsonRecord::is_text(std::string_view field) const {
  const auto found = value_->object.find(field);
  return found != value_->object.end() && found->is_string();
}

bool JsonRecord::is_list(std::string_view field) const {
  const auto found = value_->object.find(field);
  return found != value_->object.end() && found->is_array();
}

std::vector<std::string> JsonRecord::field_names() const {
  std::vector<std::string> names;
  for (const auto& [name, value] : value_->object.items()) names.push_back(name);
  return names;
}

void JsonRecord::fail(std::string_view what) const { fail_user(place_, what); }

namespace {

// The field's value, or a complaint that shows what is there instead.
const json& require_in(const json& object, const Place& place, std::string_view field, std::string_view kind,
                       const std::vector<std::string>& names) {
  const auto found = object.find(field);
  if (found != object.end() && !found->is_null()) return *found;
  const std::string problem = found == object.end() ? "is missing" : "is null";
  std::string what = fmt::format("field '{}' ({}) {}; fields here are: {}", field, kind, problem, listed(names));
  if (found == object.end()) {
    if (const auto near = nearest(field, names)) what += fmt::format("; did you mean '{}'?", *near);
  }
  fail_user(place, what);
}

[[noreturn]] void fail_kind(const Place& place, std::string_view field, std::string_view kind, const json& value) {
  fail_user(place, fmt::format("field '{}' is not {} but {}", field, kind, kind_of(value)));
}

constexpr std::string_view kString = "a string", kInteger = "an integer", kNumber = "a number", kBool = "true or false";

}  // namespace

std::string JsonRecord::text(std::string_view field) const {
  const json& value = require_in(value_->object, place_, field, kString, field_names());
  if (!value.is_string()) fail_kind(place_, field, kString, value);
  return value.get<std::string>();
}

std::int64_t JsonRecord::integer(std::string_view field) const {
  const json& value = require_in(value_->object, place_, field, kInteger, field_names());
  if (!value.is_number_integer()) fail_kind(place_, field, kInteger, value);
  constexpr auto kMost = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (value.is_number_unsigned() && value.get<std::uint64_t>() > kMost) {
    fail(fmt::format("field '{}' is {}, more than a 64-bit integer holds", field, value.get<std::uint64_t>()));
  }
  return value.get<std::int64_t>();
}

double JsonRecord::number(std::string_view field) const {
  const json& value = require_in(value_->object, place_, field, kNumber, field_names());
  if (value.is_number()) return value.get<double>();
  if (value == "inf") return std::numeric_limits<double>::infinity();
  if (value == "-inf") return -std::numeric_limits<double>::infinity();
  if (value == "nan") return std::numeric_limits<double>::quiet_NaN();
  fail_kind(place_, field, kNumber, value);
}

bool JsonRecord::boolean(std::string_view field) const {
  const json& value = require_in(value_->object, place_, field, kBool, field_names());
  if (!value.is_boolean()) fail_kind(place_, field, kBool, value);
  return value.get<bool>();
}

std::vector<std::string> JsonRecord::texts(std::string_view field) const {
  const json& value = require_in(value_->object, place_, field, "a list of strings", field_names());
  if (!value.is_array()) fail_kind(place_, field, "a list of strings", value);
  std::vector<std::string> texts;
  for (const json& element : value) {
    if (!element.is_string()) {
      fail(fmt::format("field '{}' must be a list of strings, but element {} is {}", field, texts.size() + 1,
                       kind_of(element)));
    }
    texts.push_back(element.get<std::string>());
  }
  return texts;
}

std::vector<JsonRecord> JsonRecord::records(std::string_view field) const {
  const json& value = require_in(value_->object, place_, field, "a list of objects", field_names());
  if (!value.is_array()) fail_kind(place_, field, "a list of objects", value);
  std::vector<JsonRecord> records;
  for (const json& element : value) {
    if (!element.is_object()) {
      fail(fmt::format("field '{}' must be a list of objects, but element {} is {}", field, records.size() + 1,
                       kind_of(element)));
    }
    records.push_back({std::make_shared<Value>(Value{element}), place_});
  }
  return records;
}

std::optional<std::string> JsonRecord::optional_text(std::string_view field) const {
  return has(field) ? std::optional(text(field)) : std::nullopt;
}

std::optional<std::int64_t> JsonRecord::optional_integer(std::string_view field) const {
  return has(field) ? std::optional(integer(field)) : std::nullopt;
}

std::optional<bool> JsonRecord::optional_boolean(std::string_view field) const {
  return has(field) ? std::optional(boolean(field)) : std::nullopt;
}

namespace {

struct GzClose {
  void operator()(gzFile file) const { gzclose(file); }
};
using GzHandle = std::unique_ptr<gzFile_s, GzClose>;

}  // namespace

struct JsonlReader::State {
  std::string name;
  EmptyFile empty;
  GzHandle file;
  std::array<char, 1 << 16> buffer;
  std::size_t begin = 0, end = 0;
  int line = 0;
  bool any = false;

  // Refills the buffer; false at the end of the file.
  bool refill() {
    errno = 0;
    const int got = gzread(file.get(), buffer.data(), static_cast<unsigned>(buffer.size()));
    int code = Z_OK;
    const char* const message = gzerror(file.get(), &code);
    // A gzip stream cut short reads as a short count first; the code tells it from a true end.
    if (got < 0 && code == Z_ERRNO) fail_unreadable(name, errno);
    if (got < 0 || code == Z_BUF_ERROR || code == Z_DATA_ERROR) {
      fail_user({name, line + 1, 0}, fmt::format("the gzip data is damaged or cut short ({}); check with gzip -t, or "
                                                 "fetch the file again",
                                                 message));
    }
    begin = 0;
    end = static_cast<std::size_t>(got);
    return got > 0;
  }

  // The next line without its end; false at the end of the file.
  bool read_line(std::string& text) {
    text.clear();
    bool started = false;
    while (begin < end || refill()) {
      started = true;
      const char* const from = buffer.data() + begin;
      const void* const newline = std::memchr(from, '\n', end - begin);
      const std::size_t length = newline ? static_cast<const char*>(newline) - from : end - begin;
      text.append(from, length);
      begin += length + (newline ? 1 : 0);
      if (newline) break;
    }
    if (started) ++line;
    if (!text.empty() && text.back() == '\r') text.pop_back();
    return started;
  }
};

JsonlReader::JsonlReader(const std::filesystem::path& path, EmptyFile empty) : state_(std::make_unique<State>()) {
  state_->name = path.string();
  state_->empty = empty;
  const Found::Kind kind = look_at(path).kind;
  if (kind == Found::Kind::nothing) fail_user({state_->name}, "there is no such file");
  if (kind == Found::Kind::folder) fail_user({state_->name}, "this is a folder, not a JSON lines file");
  errno = ENOMEM;  // what zlib does not say
  state_->file.reset(gzopen(path.c_str(), "rb"));
  if (!state_->file) fail_unreadable(path, errno);
}
JsonlReader::~JsonlReader() = default;
JsonlReader::JsonlReader(JsonlReader&&) noexcept = default;
JsonlReader& JsonlReader::operator=(JsonlReader&&) noexcept = default;

std::optional<JsonLine> JsonlReader::next_line() {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  std::string line;
  while (state_->read_line(line)) {
    std::string_view text = line;
    if (state_->line == 1 && text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
    if (text.find_first_not_of(" \t") == std::string_view::npos) continue;
    state_->any = true;
    return JsonLine{std::string(text), {state_->name, state_->line, 0}};
  }
  if (!state_->any && state_->empty == EmptyFile::refuse) {
    fail_user({state_->name}, "the file is empty: at least one JSON object is needed, one a line");
  }
  return std::nullopt;
}

std::optional<JsonRecord> JsonlReader::next() {
  const auto line = next_line();
  if (!line) return std::nullopt;
  return JsonRecord::parse(line->text, line->place);
}

struct JsonlWriter::State {
  std::string name;
  GzHandle file;
};

JsonlWriter::JsonlWriter(const std::filesystem::path& path) : state_(std::make_unique<State>()) {
  state_->name = path.string();
  errno = 0;
  state_->file.reset(gzopen(path.c_str(), path.extension() == ".gz" ? "wb6" : "wbT"));  // T: plain, no gzip frame
  if (!state_->file) fail_user({state_->name}, fmt::format("cannot be created: {}", std::strerror(errno)));
}
JsonlWriter::~JsonlWriter() = default;
JsonlWriter::JsonlWriter(JsonlWriter&&) noexcept = default;
JsonlWriter& JsonlWriter::operator=(JsonlWriter&&) noexcept = default;

void JsonlWriter::write(std::string_view line) {
  FT_CHECK(state_->file, "{} is closed", state_->name);
  FT_CHECK(line.find('\n') == std::string_view::npos, "a JSON line holds a newline: {}", line);
  const std::string text = std::string(line) + '\n';
  const int written = gzwrite(state_->file.get(), text.data(), static_cast<unsigned>(text.size()));
  FT_CHECK(written == static_cast<int>(text.size()), "{} cannot be written: {}", state_->name, std::strerror(errno));
}

void JsonlWriter::close() {
  FT_CHECK(state_->file, "{} is closed", state_->name);
  errno = 0;
  const int code = gzclose(state_->file.release());
  FT_CHECK(code == Z_OK, "{} cannot be written to its end: {}", state_->name, std::strerror(errno));
}

}  // namespace ft
