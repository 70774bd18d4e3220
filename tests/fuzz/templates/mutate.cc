#include "tests/fuzz/templates/mutate.h"

#include <algorithm>
#include <string>
#include <string_view>

namespace millrace::templates {
namespace {

constexpr const char* kWords[] = {"{{",
                                  "}}",
                                  "{{{",
                                  "}}}",
                                  "{{#a}}",
                                  "{{/a}}",
                                  "{{^a}}",
                                  "{{#b.c}}",
                                  "{{/b.c}}",
                                  "{{.}}",
                                  "{{>p}}",
                                  "{{>q}}",
                                  "{{>*n}}",
                                  "{{<p}}",
                                  "{{/p}}",
                                  "{{<*n}}",
                                  "{{/*n}}",
                                  "{{$a}}",
                                  "{{$x}}",
                                  "{{/x}}",
                                  "{{! c }}",
                                  "{{=<% %>=}}",
                                  "<%={{ }}=%>",
                                  "<%a%>",
                                  "{{&a}}",
                                  "{{{a}}}",
                                  "\n",
                                  "\r\n",
                                  "  ",
                                  "\t",
                                  "{{#if a}}",
                                  "{{else}}",
                                  "{{/if}}",
                                  "{{^}}",
                                  "{{#each l}}",
                                  "{{/each}}",
                                  "{{@index}}",
                                  "{{@last}}",
                                  "{{@key}}",
                                  "{{../a}}",
                                  "{{this.a}}",
                                  "{{@root.a}}",
                                  "{{#with b}}",
                                  "{{/with}}",
                                  "{{#unless a}}",
                                  "{{/unless}}",
                                  "{{else if l}}",
                                  "{{number a}}",
                                  "{{date a format=\"%Y\"}}",
                                  "{{plural a one='#' other=\"#s\"}}",
                                  "{{url a}}",
                                  "<a href=\"",
                                  "\">",
                                  "<script>",
                                  "</script>",
                                  "'",
                                  "\"",
                                  "/",
                                  "<!--",
                                  "-->",
                                  "<p ",
                                  "onclick='",
                                  "=",
                                  "<style>",
                                  "</title>",
                                  "<title>",
                                  "&quot;",
                                  "//",
                                  "/*",
                                  "*/",
                                  "\xC3\xA4",
                                  "%",
                                  "x"};

constexpr const char* kData[] = {"{}",
                                 "[]",
                                 "null",
                                 "true",
                                 "0",
                                 "1.50",
                                 "-1e30",
                                 "\"\"",
                                 "\"<&'\\\">\"",
                                 "\"p\"",
                                 "\"a\\u00e4\\n\"",
                                 "[1,2,3]",
                                 "{\"a\":1}",
                                 "[[],{}]",
                                 "{\"c\":[{\"a\":2}]}",
                                 "\"2024-05-01T12:00:00Z\""};
constexpr const char* kNames[] = {"a", "b", "l", "n", "c", "x"};

template <size_t kSize>
std::string_view Pick(const char* const (&words)[kSize], Random* random) {
  return words[random->Below(kSize)];
}

void ChangeText(std::string* text, Random* random) {
  const size_t at = random->Below(text->size() + 1);
  switch (random->Below(6)) {
    case 0:
    case 1:
      text->insert(at, Pick(kWords, random));
      break;
    case 2:
      text->erase(at, 1 + random->Below(8));
      break;
    case 3:  // a copy of a piece, elsewhere
      if (text->size() < 4096) {
        const std::string piece = text->substr(at, random->Below(40));
        text->insert(random->Below(text->size() + 1), piece);
      }
      break;
    case 4:
      if (!text->empty()) {
        (*text)[std::min(at, text->size() - 1)] =
            static_cast<char>(random->Next());
      }
      break;
    default:  // around a piece
      text->insert(at, "{{#a}}");
      text->insert(std::min(text->size(), at + random->Below(60)), "{{/a}}");
  }
}

std::string RandomData(Random* random) {
  std::string json = "{";
  for (const char* name : kNames) {
    if (random->OneIn(3)) continue;
    if (json.size() > 1) json += ",";
    json += std::string("\"") + name + "\":";
    json += Pick(kData, random);
  }
  return json + "}";
}

}  // namespace

std::vector<Input> Seeds() {
  std::vector<Input> seeds;
  const auto add = [&](const char* source, const char* options = "") {
    seeds.push_back(
        {.source = source,
         .json = R"({"a":"<x>","b":{"c":[{"a":1},{"a":2}]},"l":[1,"&",true],)"
                 R"("n":"p"})",
         .options = options,
         .partials = {{"p", "1 {{a}}\n{{$a}}x\n{{/a}}\n"},
                      {"q", "  {{>p}}\n{{#b}}{{a}}{{/b}}"}}});
  };
  add("Hello {{a}}, {{{a}}} {{&a}} {{b.c}}{{! c }}\n");
  add("{{#l}}\n- {{.}}\n{{/l}}\n{{^l}}none{{/l}}{{#b}}{{#c}}{{a}}{{/c}}{{/b}}");
  add("{{=<% %>=}}<%a%> {{a}}<%={{ }}=%>{{a}}");
  add("x\n  {{>p}}\n{{>q}} {{>*n}}\n");
  add("{{>p}}{{>q}}{{>*n}}\n", "m");
  add("{{<p}}{{$a}}\n    one\n  {{a}}\n{{/a}}{{/p}}\n{{$x}}d{{/x}}");
  add("{{#if a}}1{{else if l}}2{{else}}3{{/if}}{{#each l}}{{@index}}{{this}}"
      "{{#unless @last}},{{/unless}}{{/each}}{{#with b}}{{../a}}{{/with}}",
      "x");
  add("{{#each b}}{{@key}}={{@root.a}}{{/each}}{{number 12.5 decimals=1}}"
      "{{url a}}{{plural 2 one=\"a\" other='#'}}{{date 0 format=\"%Y\"}}",
      "x");
  add("<p title=\"{{a}}\" onclick='f({{a}})'>{{a}}</p><a href=\"{{a}}?{{a}}\">"
      "<script>x = {{a}}; y = '{{a}}'; z = /[/]/; // {{! }}</script>",
      "cs");
  add("<title>{{$x}}{{a}}{{/x}}</title><input{{#a}} checked{{/a}}>{{>p}}",
      "cxpf");
  return seeds;
}

void Mutate(Input* input, Random* random) {
  for (size_t changes = 1 + random->Below(4); changes > 0; --changes) {
    switch (random->Below(8)) {
      case 0:
        input->json = RandomData(random);
        break;
      case 1:
        ChangeText(&input->json, random);
        break;
      case 2: {
        constexpr std::string_view kLetters = "xcnpsfm";
        const char letter = kLetters[random->Below(kLetters.size())];
        const size_t there = input->options.find(letter);
        if (there == std::string::npos) {
          input->options += letter;
        } else {
          input->options.erase(there, 1);
        }
        break;
      }
      case 3:
        if (!input->partials.empty()) {
          ChangeText(
              &input->partials[random->Below(input->partials.size())].second,
              random);
        }
        break;
      default:
        ChangeText(&input->source, random);
    }
  }
}

}  // namespace millrace::templates
