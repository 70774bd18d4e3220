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
            "the beginning of an attribute without quotes; quote the"},
           {"<p class= {{v}}>", "the beginning of an attribute without quotes"},
           {"<a href={{v}}>", "the beginning of an attribute without quotes"},
           {"<p class={{#t}}{{v}}{{/t}}>",
            "the beginning of an attribute without quotes"},
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

TEST(HtmlContext, PartialsAndBlocksHaveTheContextOfTheirPlace) {
  const PartialMap partials(std::map<std::string, std::string, std::less<>>{
      {"v", "{{v}}"},
      {"open", "<a title=\""},
      {"page", "<title>{{$t}}{{/t}}</title><p title=\"{{$t}}{{/t}}\">"},
      {"bad", "<script>{{$t}}{{/t}}</script>"},
      {"scheme", "javascript:"},
      {"flag", " checked"},
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
  EXPECT_EQ(render("<p class={{>v}}>"),
            "v:1:1: a value cannot stand in the beginning of an attribute "
            "without quotes; quote the attribute");
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
