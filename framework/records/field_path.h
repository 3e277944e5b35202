// The name of a field, at the top or within: how options and keys name what a role is read from.
//
//   answer                       the field of that name, also where the name itself holds points
//   reward_model.ground_truth    a field of an object
//   choices[0].text              an element of a list, from 0
//   response.output[-1].content  from the end
//   choices[].message.content    of every element: a list
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "framework/records/value.h"

namespace ft::records {

// What `path` leads to in an object; null where it leads to nothing. `made` holds the list that a path with [] gives.
[[nodiscard]] const Value* select(const Value& object, std::string_view path, std::optional<Value>& made);

// The paths of all that is neither list nor object, in order; of a list the first element speaks for all ("steps[0]").
// At most `most`.
[[nodiscard]] std::vector<std::string> paths_within(const Value& value, const std::string& at, std::size_t most);

}  // namespace ft::records
