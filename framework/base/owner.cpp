#include "framework/base/owner.h"

#include "framework/base/error.h"

namespace ft {

Owner::Owner(std::string_view identity) : text_(identity.substr(0, kDigits)) {
  FT_CHECK(text_.size() == kDigits && text_.find_first_not_of("0123456789abcdef") == std::string::npos,
           "'{}' is no identity", identity);
}

}  // namespace ft
