#include "services/templates/seed.h"

#include "services/templates/domain.h"

namespace millrace::templates {
namespace {

struct Seed {
  const char* locale;
  const char* body;
};

constexpr Seed kWelcome[] = {
    {"en",
     "<p>Welcome, {{display_name}}!</p>\n<p>Your account for {{email}} is "
     "ready.</p>\n"},
    {"de",
     "<p>Willkommen, {{display_name}}!</p>\n<p>Ihr Konto für {{email}} ist "
     "bereit.</p>\n"},
    {"fr",
     "<p>Bienvenue, {{display_name}} !</p>\n<p>Votre compte pour {{email}} est "
     "prêt.</p>\n"},
    {"es",
     "<p>¡Te damos la bienvenida, {{display_name}}!</p>\n<p>Tu cuenta para "
     "{{email}} está lista.</p>\n"},
    {"pt",
     "<p>Boas-vindas, {{display_name}}!</p>\n<p>A sua conta para {{email}} "
     "está "
     "pronta.</p>\n"},
    {"ja",
     "<p>{{display_name}} "
     "さん、ようこそ。</p>\n<p>{{email}} "
     "のアカウントの準備ができました。</p>\n"},
};

}  // namespace

void SeedTemplates(store::Tx& tx, absl::Time now) {
  for (const Seed& seed : kWelcome) {
    tx.Execute(
        "INSERT INTO templates (name, locale, version, state, content_type, "
        "body, create_time, publish_time) VALUES ('welcome', :locale, 1, "
        ":state, :content_type, :body, :now, :now) ON CONFLICT DO NOTHING",
        {{"locale", seed.locale},
         {"state", static_cast<int64_t>(State::kPublished)},
         {"content_type", kHtml},
         {"body", seed.body},
         {"now", absl::ToUnixMicros(now)}});
  }
}

}  // namespace millrace::templates
