#include "framework/comm/one_rank.h"

#include "framework/base/failure.h"

namespace ft {

std::string on_rank_zero(Communicator& world, Name name, const std::function<std::string()>& action) {
  std::string answer = "ok ";
  if (world.rank() == 0) {
    try {
      answer += action();
    } catch (const UserError& error) {
      answer = std::string("user ") + error.what();
    } catch (const StopRequested& error) {
      answer = std::string("stop ") + error.what();
    } catch (const std::exception& error) {
      answer = "fail " + failure_text(error);
    }
  }
  answer = world.broadcast_bytes(name, answer, 0);
  const std::size_t space = answer.find(' ');
  const std::string kind = answer.substr(0, space);
  std::string text = answer.substr(space + 1);
  if (kind == "user") throw UserError(text);
  if (kind == "stop") throw StopRequested(text);
  if (kind == "fail") throw Error(text);
  return text;
}

void stop_together(Communicator& world, Name name, const std::function<void()>& work) {
  std::string why;
  try {
    work();
  } catch (const StopRequested& stop) {
    why = stop.what();
  }
  for (const std::string& of_rank : world.all_gather_bytes(name, why)) {
    if (!of_rank.empty()) throw StopRequested(of_rank);
  }
}

}  // namespace ft
