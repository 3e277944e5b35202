#include "framework/comm/host_layout.h"

#include <doctest/doctest.h>

#include <string>

#include "framework/base/error.h"

using namespace ft;

namespace {

// "0:0+2 1:2+1": host, first rank, number of ranks of each node.
std::string nodes_of(const std::vector<int>& hosts) {
  const HostLayout layout(hosts);
  std::string text;
  for (const HostNode& node : layout.nodes()) {
    text += fmt::format("{}{}:{}+{}", text.empty() ? "" : " ", node.host, node.first, node.count);
  }
  return text;
}

}  // namespace

TEST_CASE("the nodes of the tree over ranks that lie within hosts") {
  CHECK(nodes_of({0}) == "0:0+1");
  CHECK(nodes_of({0, 0, 0, 0, 0}) == "0:0+5");
  CHECK(nodes_of({0, 0, 1, 1}) == "0:0+2 1:2+2");
  CHECK(nodes_of({0, 0, 1, 2}) == "0:0+2 1:2+1 2:3+1");
  CHECK(nodes_of({0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2}) == "0:0+4 1:4+4 2:8+4");
  CHECK(nodes_of({0, 0, 0, 1, 1, 1}) == "0:0+2 0:2+1 1:3+1 1:4+2");  // no power of two: some more
  CHECK(nodes_of({0, 1, 0, 1}) == "0:0+1 1:1+1 0:2+1 1:3+1");        // ranks dealt in turn share no node
}

TEST_CASE("who deals with a rank's slice on each host") {
  const HostLayout layout(std::vector<int>{0, 0, 0, 1, 1, 2});
  CHECK(layout.num_hosts() == 3);
  CHECK(layout.members(1) == std::vector<int>{3, 4});
  CHECK(layout.place(4) == 1);
  CHECK(layout.handler(0, 2) == 2);  // its own host: itself
  CHECK(layout.handler(1, 0) == 3);
  CHECK(layout.handler(1, 1) == 4);
  CHECK(layout.handler(1, 2) == 3);  // more ranks than the host has: in turn
  CHECK(layout.handler(2, 4) == 5);
}

TEST_CASE("hosts that are not numbered in the order of their first ranks are refused") {
  CHECK_THROWS_AS(HostLayout(std::vector<int>{}), Error);
  CHECK_THROWS_AS(HostLayout(std::vector<int>{1, 0}), Error);
}
