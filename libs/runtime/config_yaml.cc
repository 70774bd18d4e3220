#include "runtime/config_yaml.h"

#include <yaml-cpp/yaml.h>

#include <map>

#include "base/strings.h"

namespace millrace::runtime {
namespace {

// Aliases can make a small file a huge or an endless one.
constexpr int kMaxNodes = 10'000;
constexpr int kMaxDepth = 20;

class Reader {
 public:
  Reader(const std::string& name, Problems& problems)
      : name_(name), problems_(problems) {}

  Place At(const YAML::Mark& mark) const {
    return {Place::Kind::kFile,
            StrCat(name_, ":", mark.line + 1, ":", mark.column + 1)};
  }

  ConfigNode Convert(const YAML::Node& from, int depth = 0) {
    ConfigNode node;
    node.place = At(from.Mark());
    if (++nodes_ > kMaxNodes || depth > kMaxDepth) {
      if (!too_large_) {
        problems_.push_back(
            StrCat(node.place.text, ": too large or too deep here"));
      }
      too_large_ = true;
      return node;
    }
    if (from.IsScalar()) {
      node.kind = ConfigNode::Kind::kScalar;
      node.text = from.Scalar();
      // Plain scalars have the tag "?", quoted ones "!".
      node.quoted = from.Tag() == "!";
    } else if (from.IsSequence()) {
      node.kind = ConfigNode::Kind::kList;
      for (const YAML::Node& item : from) {
        node.items.push_back(Convert(item, depth + 1));
      }
    } else if (from.IsMap()) {
      node.kind = ConfigNode::Kind::kMap;
      ConvertMap(from, node, depth);
    }
    return node;
  }

 private:
  void ConvertMap(const YAML::Node& from, ConfigNode& node, int depth) {
    std::map<std::string, std::string> seen;
    for (const auto& pair : from) {
      const Place place = At(pair.first.Mark());
      if (!pair.first.IsScalar()) {
        problems_.push_back(StrCat(place.text, ": a key must be a word"));
        continue;
      }
      const std::string key = pair.first.Scalar();
      const auto [first, fresh] = seen.emplace(key, place.text);
      if (!fresh) {
        problems_.push_back(StrCat(place.text, ": key '", key,
                                   "' is given twice, first at ",
                                   first->second));
        continue;
      }
      ConfigNode value = Convert(pair.second, depth + 1);
      // What is not there has no place of its own.
      if (value.kind == ConfigNode::Kind::kNull) value.place = place;
      node.entries.push_back({key, place, std::move(value)});
    }
  }

  const std::string& name_;
  Problems& problems_;
  int nodes_ = 0;
  bool too_large_ = false;
};

}  // namespace

ConfigNode ParseYaml(const std::string& text, const std::string& name,
                     Problems& problems) {
  Reader reader(name, problems);
  try {
    const std::vector<YAML::Node> documents = YAML::LoadAll(text);
    if (documents.empty()) return {};
    if (documents.size() > 1) {
      problems.push_back(StrCat(reader.At(documents[1].Mark()).text,
                                ": a configuration is one YAML document"));
    }
    return reader.Convert(documents[0]);
  } catch (const YAML::Exception& error) {
    problems.push_back(
        StrCat(reader.At(error.mark).text, ": not YAML: ", error.msg));
    return {};
  }
}

}  // namespace millrace::runtime
