// Where values may stand in HTML, and that what is written there stays a value.
#include "services/templates/engine/html_context.h"

#include <gtest/gtest.h>

#include "services/templates/engine/testing.h"

namespace millrace::templates {
namespace {

// {{v}} is `value`; the first line of an error.
std::string With(std::string_view source, std::string_view value) {
  std::string json = "{\"v\": \"";
  for (const char c : value) {
    if (c == '"' || c == '\\') json += '\\';
    json += c;
  }
  return FirstLine(Rendered(
      source, json + "\", \"n\": 5, \"t\": true, \"o\": {}}", Contextual()));
}

struct Case {
  const char* source;
  const char* value;
  const char* text;
};

TEST(HtmlContext, EscapesForThePlace) {
  for (
      const auto& [source, value, text] : {
          Case{"<p>{{v}}</p>", "<'&\">", "<p>&lt;&#39;&amp;&quot;&gt;</p>"},
          {"<p title=\"{{v}}\">", "\"'<", "<p title=\"&quot;&#39;&lt;\">"},
          {"<p title='{{v}}'>", "\"'<", "<p title='&quot;&#39;&lt;'>"},
          {"<p title=x{{v}}>", "a b=c>", "<p title=xa&#32;b&#61;c&#62;>"},
          {"<p title = x{{v}} class=x>", "", "<p title = x class=x>"},
          {"<P TITLE=\"{{v}}\">", "\"", "<P TITLE=\"&quot;\">"},
          {"<title>{{v}}</title>", "</title>", "<title>&lt;/title&gt;</title>"},
          {"<textarea>{{v}}</textarea>", "</textarea>",
           "<textarea>&lt;/textarea&gt;</textarea>"},
          // URLs
          {"<a href=\"{{v}}\">", "javascript:x", "<a href=\"#blocked-url\">"},
          {"<a href=\"{{v}}\">", "JaVaScript:x", "<a href=\"#blocked-url\">"},
          {"<a href=\"{{v}}\">", " javascript:x", "<a href=\"#blocked-url\">"},
          {"<a href=\"{{v}}\">", "data:text/html,x",
           "<a href=\"#blocked-url\">"},
          {"<a href=\"{{v}}\">", "/a:b?c=d&e", "<a href=\"/a:b?c=d&amp;e\">"},
          {"<a href=\"{{v}}\">", "https://x/ä\" '",
           "<a href=\"https://x/%C3%A4%22%20%27\">"},
          {"<a href=\"java{{v}}\">", "script:x", "<a href=\"javascript%3Ax\">"},
          {"<a href=\"/u/{{v}}/x\">", "a b", "<a href=\"/u/a%20b/x\">"},
          {"<a href=\"/u?x={{v}}\">", "a&b=/", "<a href=\"/u?x=a%26b%3D%2F\">"},
          {"<a href=/{{v}}>", "a b>", "<a href=/a%20b%3E>"},
          {"<form action='{{v}}'>", "javascript:x",
           "<form action='#blocked-url'>"},
          // JavaScript
          {"<script>x = {{v}};</script>", "a\"b</script>",
           "<script>x = \"a\\u0022b\\u003C\\u002Fscript\\u003E\";</script>"},
          {"<script>x = -{{n}}, y = {{t}}, z = {{o}}, w = {{nothing}}</script>",
           "", "<script>x = - 5 , y = true, z = null, w = </script>"},
          {"<script>x = '{{v}}'</script>", "'\\\xE2\x80\xA8",
           "<script>x = '\\u0027\\u005C\\u2028'</script>"},
          {"<script>/* ' */ x = /a[/]b/; y = {{v}}</script>", "z",
           "<script>/* ' */ x = /a[/]b/; y = \"z\"</script>"},
          {"<script>// don't\nx = {{v}}</script>", "z", "<script>// don't"},
          {"<script>x = a / b; y = \"</script><p>{{v}}", "<",
           "<script>x = a / b; y = \"</script><p>&lt;"},
          {"<a onclick=\"f('{{v}}')\">", "'", "<a onclick=\"f('\\u0027')\">"},
          {"<a onclick=\"f({{v}})\">", "'",
           "<a onclick=\"f(&quot;\\u0027&quot;)\">"},
          // What may come and go within a tag
          {"<input{{#t}} checked{{/t}} value=\"{{v}}\">", "\"",
           "<input checked value=\"&quot;\">"},
          {"<a{{#t}} href=\"/x\"{{/t}}>{{v}}</a>", "<",
           "<a href=\"/x\">&lt;</a>"},
          {"<a href=\"{{#t}}/x{{/t}}?q={{v}}\">", "&", "<a href=\"/x?q=%26\">"},
          {"<a href=\"{{#t}}x{{/t}}{{v}}\">", "a:b", "<a href=\"xa%3Ab\">"},
          {"<!doctype html><p>{{v}}", "<", "<!doctype html><p>&lt;"},
          {"<!-- < \" --><p>{{v}}", "<", "<!-- < \" --><p>&lt;"},
          {"a < b {{v}}", "<", "a < b &lt;"},
          {"<script>x</script ><p>{{v}}", "<", "<script>x</script ><p>&lt;"},
      }) {
    EXPECT_EQ(With(source, value), text) << source;
  }
}

TEST(HtmlContext, RefusesWhereNothingIsSafe) {
  for (const auto& [source, error] : {
           std::pair<const char*, const char*>{"<{{v}}>", "name of an element"},
           {"<a{{v}}>", "name of an element"},
           {"<a {{v}}>", "name of an attribute"},
           {"<a x{{v}}=1>", "name of an attribute"},
           {"<!-- {{v}} -->", "comment of HTML"},
           {"<!doctype {{v}}>", "declaration"},
           {"<style>{{v}}", "style sheet"},
           {"<p style=\"{{v}}\">", "style attribute"},
           {"<img srcset=\"{{v}}\">", "several URLs"},
           {"<a href=\"javascript:{{v}}\">", "URL that is code"},
           {"<a href=\"java&#115;cript:{{v}}\">", "URL that is code"},
           {"<a onclick={{v}}>", "event handler without quotes"},
           {"<a onclick=f({{v}})>", "event handler without quotes"},
           {"<a onclick=f('{{v}}')>", "event handler without quotes"},
           {"<a onclick=f(\"{{v}}\")>", "event handler without quotes"},
           // What is empty would take in what follows.
           {"<p class={{v}} title=\"x\">",
            "without quotes that begins with it; quote the"},
           {"<p class= {{v}}>",
            "an attribute without quotes that begins with it"},
           {"<a href={{v}}>",
            "an attribute without quotes that begins with it"},
           {"<p class={{#t}}{{v}}{{/t}}>",
            "an attribute without quotes that begins with it"},
           {"<p class={{#t}}x{{/t}} title=\"{{v}}\">",
            "close in it what it opens"},
           {"<p class={{#t}}x {{/t}}title=\"{{v}}\">",
            "close in it what it opens"},
           {"<a onclick=\"f(&quot;{{v}}&quot;)\">", "behind an entity"},
           {"<script>`{{v}}`", "template literal"},
           {"<script>/{{v}}/", "regular expression"},
           {"<script>// {{v}}", "comment of JavaScript"},
           {"<script>/* {{v}} */", "comment of JavaScript"},
           {"<script>'\\{{v}}'", "escape of JavaScript"},
           // A division or a regular expression: that decides whether the
           // value is in a string.
           {"<script>return /\"/; x = {{v}}", "may or may not"},
           {"<script>a++ / 1 \" / 2; {{v}}", "may or may not"},
           {"<a {{#t}}href{{/t}}=\"{{v}}\">", "name depends on the data"},
           {"{{#t}}<script>{{/t}}x", "close in it what it opens"},
           {"{{#t}}<a title=\"{{/t}}x", "close in it what it opens"},
           {"<script>{{#t}}'{{/t}}", "close in it what it opens"},
           {"{{>p}}", ""},
       }) {
    const std::string text = With(source, "x");
    EXPECT_NE(text.find(error), text.npos) << source << ": " << text;
  }
}

// {{a}} and {{b}} in the attribute of a link; the first line of an error.
std::string Link(std::string_view href, std::string_view a, std::string_view b,
                 const PartialMap& partials = PartialMap()) {
  const std::string text = FirstLine(
      Rendered(StrCat("<a href=\"", href, "\">"),
               StrCat(R"({"t": true, "a": ")", a, R"(", "b": ")", b, R"("})"),
               Contextual(), partials));
  constexpr std::string_view kOpen = "<a href=\"";
  if (text.substr(0, kOpen.size()) != kOpen) return text;
  return text.substr(kOpen.size(), text.size() - kOpen.size() - 2);
}

struct LinkCase {
  const char* href;
  const char* a;
  const char* b;
  const char* text;
};

// What several values make is no code, and is what it was where it is none.
TEST(HtmlContext, AUrlOfSeveralValuesIsNoCode) {
  constexpr char kCode[] = ":alert(1)";
  const PartialMap partials(std::map<std::string, std::string, std::less<>>{
      {"a", "{{a}}"}, {"b", "{{b}}"}, {"empty", ""}});
  for (const auto& [href, a, b, text] : {
           LinkCase{"{{a}}{{b}}", "javascript", kCode,
                    "javascript%3Aalert%281%29"},
           {"{{a}}{{b}}", "", "javascript:alert(1)",
            "javascript%3Aalert%281%29"},
           {"{{a}}{{b}}", "javascript", "://%0aalert(1)",
            "javascript%3A//%0aalert%281%29"},
           {"{{a}}{{b}}", "https://x", "/a:b?c=d&e", "https://x/a:b?c=d&amp;e"},
           {"{{a}}{{b}}", "", "https://x/", "https://x/"},
           {"{{a}} {{b}}", "", "javascript:x", " javascript%3Ax"},
           {"{{a}}script{{b}}", "java", kCode, "javascript%3Aalert%281%29"},
           {"{{a}}{{#t}}{{b}}{{/t}}", "javascript", kCode,
            "javascript%3Aalert%281%29"},
           {"{{#t}}{{a}}{{/t}}{{b}}", "javascript", kCode,
            "javascript%3Aalert%281%29"},
           {"{{>a}}{{b}}", "javascript", kCode, "javascript%3Aalert%281%29"},
           {"{{a}}{{>b}}", "javascript", kCode, "javascript%3Aalert%281%29"},
           {"{{a}}{{>empty}}{{b}}", "javascript", kCode,
            "javascript%3Aalert%281%29"},
           {"{{a}}&{{b}}=1", "javascript", "colon;alert(1)",
            "javascript&colon%3Balert%281%29=1"},
           {"{{a}}&{{b}}", "javascript", "#58;alert(1)",
            "javascript&%2358%3Balert%281%29"},
           // What stands in between ends the scheme.
           {"{{a}}/{{b}}", "/x", "a:b/c", "/x/a:b/c"},
           {"{{a}}?q={{b}}", "/x", "a:b&", "/x?q=a%3Ab%26"},
           {"{{a}}#{{b}}", "/x", "a:b", "/x#a%3Ab"},
           {"{{a}}&q={{b}}", "/x?y", "a:b", "/x?y&q=a:b"},
           {"{{a}}&amp;{{b}}", "/x?y", "a:b", "/x?y&amp;a:b"},
           {"{{a}}{{#t}}/{{/t}}{{b}}", "/x", "a/b", "/x/a/b"},
           {"{{a}}{{#t}}?q={{b}}{{/t}}&p={{b}}", "/x", "a/b",
            "/x?q=a%2Fb&p=a%2Fb"},
           {"{{a}}https://x/{{b}}", "/to?", "a:b", "/to?https://x/a:b"},
       }) {
    EXPECT_EQ(Link(href, a, b, partials), text) << href;
  }
  for (const char* href : {
           "{{a}}:{{b}}",
           "{{a}}://{{b}}/",
           "{{a}}script:{{b}}",
           "{{a}}{{a}}:{{b}}",
           "{{a}}{{#t}}:{{b}}{{/t}}",
           "{{a}}{{#t}}:{{/t}}{{b}}",
           "{{#t}}{{a}}{{/t}}:{{b}}",
           "{{a}}{{#t}}/{{/t}}:{{b}}",
           "{{a}}{{#t}}?{{/t}}:{{b}}",
           "{{a}}{{>empty}}:{{b}}",
           "{{a}}:{{>b}}",
           "{{a}}&colon;{{b}}",
           "{{a}}&#58;{{b}}",
           "{{a}}&{{a}};{{b}}",
           "{{a}}&{{>empty}}colon;{{b}}",
           "{{a}}{{#t}}&{{/t}}colon;{{b}}",
           "{{#t}}{{a}}&{{/t}}colon;{{b}}",
           "{{#t}}{{a}}&{{/t}}#58;{{b}}",
           "data:text/html,{{a}}",
           "java\tscript:{{a}}",
       }) {
    EXPECT_NE(Link(href, "", "", partials)
                  .find("a value cannot stand in a URL that is code"),
              std::string::npos)
        << href;
  }
}

// A list renders a section from where it ended the time before.
TEST(HtmlContext, ChecksWhatASectionRepeats) {
  const PartialMap partials(std::map<std::string, std::string, std::less<>>{
      {"v", "{{v}}"}, {"deep", "{{#l}}{{v}}:{{/l}}"}});
  const auto render = [&](std::string_view source) {
    CompileOptions options = Contextual();
    options.syntax = Syntax::kExtended;
    return FirstLine(
        Rendered(source, R"({"l": [{"v": "a", "m": 1}, {"v": "b:c"}], "v": "u:",
                    "o": {"v": "x"}})",
                 options, partials));
  };
  for (const auto& [source, error] : {
           std::pair<const char*, const char*>{
               "<a href=\"{{#l}}{{v}}:{{/l}}\">",
               "template:1:16: when 'l' is repeated, a value cannot stand in a "
               "URL that is code; begin it with http:, https:, mailto: or "
               "tel:"},
           {"<a href=\"{{#l}}{{>v}}:{{/l}}\">", "a URL that is code"},
           {"<a href=\"{{>deep}}\">", "a URL that is code"},
           {"<a href=\"{{#each l}}{{v}}:{{else}}/{{/each}}\">",
            "when 'each' is repeated"},
           {"<a href=\"{{#l}}{{#m}}{{v}}{{/m}}{{^m}}javascript:f(){{/m}}"
            "{{/l}}\">",
            "a URL that is code"},
           {"<a {{#l}}click=\"{{v}}\" on{{/l}}>",
            "when 'l' is repeated, this stands elsewhere in the HTML than at "
            "first; close in the section what it opens"},
           {"<a {{#l}}ref=\"{{v}}\" h{{/l}}>", "stands elsewhere"},
           {"<a href=\"{{#l}}{{#m}}{{v}}:{{/l}}\">",
            "closed where 'm' is open"},
           {"<script>{{#l}}f({{v}}, a++ / 1 \" / 2);{{/l}}</script>",
            "when 'l' is repeated"},
       }) {
    EXPECT_NE(render(source).find(error), std::string::npos)
        << source << ": " << render(source);
  }
  for (const auto& [source, text] : {
           std::pair<const char*, const char*>{"<a href=\"{{#l}}{{v}}{{/l}}\">",
                                               "<a href=\"a#blocked-url\">"},
           {"<a href=\"{{#l}}/{{v}}{{/l}}\">", "<a href=\"/a/b:c\">"},
           {"<a href=\"/{{#l}}{{v}}?{{/l}}\">", "<a href=\"/a?b:c?\">"},
           {"<a href=\"{{#with o}}{{v}}:{{/with}}\">", "<a href=\"x:\">"},
           {"<input {{#o}}value=\"{{v}}\" checked{{/o}}>",
            "<input value=\"x\" checked>"},
           {"<input{{#l}} a=\"{{v}}\" b{{/l}}>",
            "<input a=\"a\" b a=\"b:c\" b>"},
           {"<script>x = [{{#l}}\"{{v}}\"{{#m}}, {{/m}}{{/l}}]</script>",
            "<script>x = [\"a\", \"b:c\"]</script>"},
           {"<a href=\"{{#l}}{{v}}/{{>none}}{{/l}}\">",
            "<a href=\"a/#blocked-url/\">"},
           {"<script>x = {{#o}}{{v}}{{/o}};</script>",
            "<script>x = \"x\";</script>"},
           {"{{#l}}<p title=\"{{v}}\">{{/l}}",
            "<p title=\"a\"><p title=\"b:c\">"},
       }) {
    EXPECT_EQ(render(source), text) << source;
  }
}

TEST(HtmlContext, KnowsTheUrlOfAMetaThatRefreshes) {
  constexpr char kTag[] = "<meta http-equiv=\"Refresh\" content=\"";
  for (const auto& [content, value, text] : {
           Case{"5; url={{v}}", "javascript:x", "5; url=#blocked-url"},
           {"0;{{v}}", "javascript:x", "0;#blocked-url"},
           {"0; URL='{{v}}'", "javascript:x", "0; URL='#blocked-url'"},
           {"5; url={{v}}", "/a?b=c", "5; url=/a?b=c"},
           {"5; url=/a?b={{v}}", "&", "5; url=/a?b=%26"},
           {"{{v}}", "0;url=javascript:x", "0%3Burl%3Djavascript%3Ax"},
           {"{{n}}; url=/a", "", "5; url=/a"},
       }) {
    EXPECT_EQ(With(StrCat(kTag, content, "\">"), value),
              StrCat(kTag, text, "\">"));
  }
  EXPECT_EQ(With("<meta name=x content=\"0;url={{v}}\">", "javascript:x"),
            "<meta name=x content=\"0;url=javascript:x\">");
}

// "<!-->" and "--!>" end comments of HTML.
TEST(HtmlContext, KnowsWhereCommentsEnd) {
  EXPECT_EQ(With("<!--><script>{{v}}", "<"), "<!--><script>\"\\u003C\"");
  EXPECT_EQ(With("<!---><script>{{v}}", "<"), "<!---><script>\"\\u003C\"");
  EXPECT_EQ(With("<!--x--!><script>{{v}}", "<"),
            "<!--x--!><script>\"\\u003C\"");
  EXPECT_EQ(With("<!--{{#t}}x{{/t}}--><p>{{v}}", "<"), "<!--x--><p>&lt;");
  for (const char* open : {"<!--!>", "<!--->x", "<!---!>", "<!-- ->"}) {
    const bool ended = std::string_view(open) == "<!--->x";
    EXPECT_EQ(With(StrCat(open, "{{v}}"), "x").find("comment of HTML") ==
                  std::string::npos,
              ended)
        << open;
  }
}

TEST(HtmlContext, PartialsAndBlocksHaveTheContextOfTheirPlace) {
  const PartialMap partials(std::map<std::string, std::string, std::less<>>{
      {"v", "{{v}}"},
      {"open", "<a title=\""},
      {"page", "<title>{{$t}}{{/t}}</title><p title=\"{{$t}}{{/t}}\">"},
      {"bad", "<script>{{$t}}{{/t}}</script>"},
      {"scheme", "javascript:"},
      {"flag", " checked"},
      {"name", "x on"},
      {"empty", ""},
      {"word", "x"},
      {"words", "x "}});
  const auto render = [&](std::string_view source) {
    return FirstLine(
        Rendered(source, R"({"v": "a' b"})", Contextual(), partials));
  };
  EXPECT_EQ(render("{{>v}}<a href=\"?{{>v}}\">"),
            "a&#39; b<a href=\"?a%27%20b\">");
  EXPECT_EQ(render("<script>{{>v}}</script>"),
            "<script>\"a\\u0027 b\"</script>");
  EXPECT_EQ(render("{{>open}}"),
            "open:1:11: the partial begins in text and ends in the value of "
            "an attribute; it must end where it began");
  // What a partial has written of a URL or of JavaScript is not known behind
  // it.
  EXPECT_EQ(render("<a href=\"{{>v}}{{v}}\">"),
            "<a href=\"a%27%20ba%27%20b\">");
  EXPECT_EQ(render("<a href=\"{{>scheme}}{{v}}\">"),
            "scheme:1:12: the partial begins in the value of an attribute and "
            "ends in the value of an attribute; it must end where it began");
  EXPECT_EQ(render("<script>x = {{>v}};\ny = \"{{v}}\"</script>"),
            "<script>x = \"a\\u0027 b\";");
  EXPECT_EQ(render("<input{{>flag}} title=\"{{v}}\">"),
            "<input checked title=\"a&#39; b\">");
  // It may have ended in a name.
  for (const char* tag :
       {"<a {{>name}}click=\"{{v}}\">", "<a {{>name}}=\"{{v}}\">",
        "<a x{{>flag}}=\"{{v}}\">", "<a x {{>flag}} =\"{{v}}\">"}) {
    EXPECT_NE(render(tag).find("an attribute whose name depends on the data"),
              std::string::npos)
        << tag << render(tag);
  }
  EXPECT_EQ(render("<p class={{>v}}>"),
            "v:1:1: a value cannot stand in an attribute without quotes that "
            "begins with it; quote the attribute");
  EXPECT_EQ(render("<p class={{>empty}} title=\"{{v}}\">"),
            "<p class= title=\"a&#39;&#32;b\">");
  for (const char* partial : {"word", "words"}) {
    EXPECT_NE(render(StrCat("<p class={{>", partial, "}} title=\"{{v}}\">"))
                  .find("it must end where it began"),
              std::string::npos);
  }
  EXPECT_EQ(render("{{<page}}{{$t}}{{v}}{{/t}}{{/page}}"),
            "<title>a&#39; b</title><p title=\"a&#39; b\">");
  EXPECT_EQ(render("{{<bad}}{{$t}}{{v}}{{/t}}{{/bad}}"),
            "bad:1:9: a block cannot stand in a script; put it into text or a "
            "quoted attribute");
}

}  // namespace
}  // namespace millrace::templates
