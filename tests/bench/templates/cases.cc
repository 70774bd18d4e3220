#include "cases.h"

#include "base/strings.h"

namespace millrace::bench {
namespace {

constexpr char kRows[] = R"(<table class="report">
<caption>{{title}}</caption>
{{#each rows}}
<tr id="row-{{id}}">
  <td>{{name}}</td><td>{{email}}</td>
  <td>{{city}}</td><td class="number">{{amount}}</td>
  {{#if active}}<td>active</td>{{else}}<td>-</td>{{/if}}
</tr>
{{/each}}
</table>
<p>{{footer}}</p>
)";

constexpr char kMail[] = R"(<html><body>
<h1>Dear {{user.name}},</h1>
<p>thank you for your order {{order.number}} of {{order.date}}.</p>
{{#each order.parcels}}
<h2>Parcel {{number}} to {{address.city}}</h2>
<p>{{address.street}}, {{address.zip}} {{address.city}}</p>
<ul>
{{#each items}}
  <li>{{count}} x {{title}}{{#if note}} ({{note}}){{/if}}: {{price}} EUR
  {{#each options}}<br>{{key}}: {{value}}{{/each}}</li>
{{/each}}
</ul>
{{/each}}
{{#if order.gift}}<p>Wrapped as a gift: {{order.gift.message}}</p>{{/if}}
<p>Total: {{order.total}} EUR</p>
<p>Yours, {{shop.name}}<br>{{shop.street}}<br>{{shop.city}}</p>
</body></html>
)";

const char* const kNames[] = {"Ada Lovelace",
                              "Grace Hopper",
                              "Edsger W. Dijkstra",
                              "Barbara Liskov",
                              "Tom & Jerry",
                              "Donald <Don> Knuth",
                              "Frances \"Fran\" Allen",
                              "Kurt G\xC3\xB6"
                              "del"};
const char* const kCities[] = {"London", "New York", "Rotterdam & Delft",
                               "Los Angeles", "Br\xC3\xBCnn"};

std::string Quoted(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '\\';
    quoted += c;
  }
  return quoted + "\"";
}

std::string RowsJson(int count) {
  std::string json = "{\"title\":\"Sales & returns\",\"rows\":[";
  for (int i = 0; i < count; ++i) {
    if (i > 0) json += ",";
    StrAppend(&json, "{\"id\":", i + 1, ",\"name\":", Quoted(kNames[i % 8]),
              ",\"email\":\"user", i,
              "@example.org\",\"city\":", Quoted(kCities[i % 5]),
              ",\"amount\":", 100 + i * 37 % 1000, ".", 1 + i % 9,
              ",\"active\":", i % 3 != 0, "}");
  }
  return json + "],\"footer\":\"Figures of <today>\"}";
}

std::string MailJson() {
  std::string json =
      R"({"user":{"name":"Ada Lovelace"},"order":{"number":"2024-0815",)"
      R"("date":"2024-05-01","total":"431.20","parcels":[)";
  for (int parcel = 0; parcel < 3; ++parcel) {
    if (parcel > 0) json += ",";
    StrAppend(&json, "{\"number\":", parcel + 1,
              ",\"address\":{\"street\":\"Main Street ", parcel,
              "\",\"zip\":\"10115\",\"city\":", Quoted(kCities[parcel]),
              "},\"items\":[");
    for (int item = 0; item < 5; ++item) {
      if (item > 0) json += ",";
      StrAppend(&json, "{\"count\":", item + 1,
                ",\"title\":", Quoted(kNames[(parcel + item) % 8]),
                ",\"note\":", item % 2 == 0 ? "\"as <new>\"" : "\"\"",
                ",\"price\":", item * 7,
                ".5,\"options\":[{\"key\":\"Colour\",\"value\":\"red & blue\"},"
                "{\"key\":\"Size\",\"value\":\"XL\"}]}");
    }
    json += "]}";
  }
  return json + R"(],"gift":{"message":"All the best & more"}},"shop":{"name":)"
                R"("The Shop","street":"High Street 1","city":"Graz"}})";
}

}  // namespace

std::vector<Case> MakeCases() {
  return {{"rows_12", kRows, RowsJson(12)},
          {"rows_1000", kRows, RowsJson(1000)},
          {"mail", kMail, MailJson()}};
}

}  // namespace millrace::bench
