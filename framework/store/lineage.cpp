#include "framework/store/lineage.h"

#include <set>

#include "framework/base/reading.h"

namespace ft {
namespace fs = std::filesystem;
namespace {

constexpr int kMaxDepth = 100;  // a chain of stages; deeper only if someone made manifests by hand

class Walker {
 public:
  explicit Walker(const std::map<std::string, fs::path>& standing) : standing_(standing) {}

  void visit(const fs::path& folder, const std::string& role, const std::string& digest, int depth) {
    Link link{.depth = depth, .role = role, .folder = folder, .digest = digest};
    if (depth > 0 && digest.empty()) {
      link.state = Link::State::outside;
      links.push_back(std::move(link));
      return;
    }
    try {
      if (is_there(folder)) return visit_sealed(std::move(link));
      link.state = Link::State::missing;
      link.text = "it is not there any more";
    } catch (const Unreadable& error) {
      link.state = Link::State::unreadable;
      link.text = error.what();
    }
    links.push_back(std::move(link));
  }

  std::vector<Link> links;

 private:
  void visit_sealed(Link link) {
    std::vector<Parent> parents;
    try {
      const SealedFolder folder = SealedFolder::open(link.folder);
      link.format = folder.manifest().format;
      parents = folder.manifest().parents;
      if (link.depth == 0) link.digest = folder.digest();
      if (folder.digest() != link.digest) {
        link.state = Link::State::changed;
        link.text = "the manifest is another one than when it was used";
      }
    } catch (const Unreadable& error) {
      link.state = Link::State::unreadable;
      link.text = error.what();
    } catch (const Error& error) {
      link.state = Link::State::damaged;
      link.text = error.what();
    }
    const fs::path folder = link.folder;
    const int depth = link.depth;
    links.push_back(std::move(link));
    if (depth >= kMaxDepth || !shown_.insert(folder).second) return;
    for (const Parent& parent : parents) {
      const auto found = standing_.find(parent.digest);
      visit((found == standing_.end() ? folder / parent.path : found->second).lexically_normal(), parent.role,
            parent.digest, depth + 1);
    }
  }

  const std::map<std::string, fs::path>& standing_;
  std::set<fs::path> shown_;
};

// "solver-0123456789ab" of ".../solver-0123456789ab/output-e3b0c44298fc": the folder that a person knows.
std::string name_of(const fs::path& folder) {
  const fs::path clean = folder.filename().empty() ? folder.parent_path() : folder;
  const std::string name = clean.filename().string();
  return name.starts_with("output-") ? clean.parent_path().filename().string() : name;
}

}  // namespace

Parent parent(std::string role, const SealedFolder& folder) {
  return {std::move(role), folder.folder().string(), folder.digest()};
}

std::vector<Link> lineage(const fs::path& folder, const std::map<std::string, fs::path>& standing) {
  Walker walker(standing);
  walker.visit(fs::absolute(folder).lexically_normal(), "", "", 0);
  return std::move(walker.links);
}

std::string to_text(const Link& link) {
  const std::string head =
      fmt::format("{:{}}{}{}{}", "", 2 * link.depth, link.role.empty() ? "" : link.role + " <- ", name_of(link.folder),
                  link.format.empty() ? "" : fmt::format(" ({})", link.format));
  switch (link.state) {
    case Link::State::intact:
      return head + ": intact";
    case Link::State::outside:
      return head + ": from outside";
    case Link::State::replaced:
      return fmt::format("{}: gone, {}", head, link.text);
    case Link::State::unreadable:
      return fmt::format("{}: UNKNOWN, {}", head, link.text);
    case Link::State::missing:
    case Link::State::changed:
    case Link::State::damaged:
      break;
  }
  return fmt::format("{}: BROKEN, {}", head, link.text);
}

}  // namespace ft
