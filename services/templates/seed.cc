#include "services/templates/seed.h"

#include <string>
#include <string_view>

#include "services/templates/lifecycle.h"
#include "services/templates/listeners.h"
#include "services/templates/store.h"
#include "users/v1/events.pb.h"

namespace millrace::templates {
namespace {

struct Seed {
  const char* name;
  const char* locale;
  const char* body;
};

constexpr Seed kSeeds[] = {
    {kWelcome, "en",
     "<p>Welcome, {{display_name}}!</p>\n"
     "<p>Your account for {{email}} is ready.</p>\n"},
    {kWelcome, "de",
     "<p>Willkommen, {{display_name}}!</p>\n"
     "<p>Ihr Konto für {{email}} ist bereit.</p>\n"},
    {kWelcome, "fr",
     "<p>Bienvenue, {{display_name}} !</p>\n"
     "<p>Votre compte pour {{email}} est prêt.</p>\n"},
    {kWelcome, "es",
     "<p>¡Te damos la bienvenida, {{display_name}}!</p>\n"
     "<p>Tu cuenta para {{email}} está lista.</p>\n"},
    {kWelcome, "pt",
     "<p>Boas-vindas, {{display_name}}!</p>\n"
     "<p>A sua conta para {{email}} está pronta.</p>\n"},
    {kWelcome, "ja",
     "<p>{{display_name}} さん、ようこそ。</p>\n"
     "<p>{{email}} のアカウントの準備ができました。</p>\n"},
    {kSuspended, "en",
     "<p>Hello {{display_name}},</p>\n"
     "<p>Your account for {{email}} is suspended.{{#reason}} The reason: "
     "{{reason}}{{/reason}}</p>\n"},
    {kSuspended, "de",
     "<p>Guten Tag, {{display_name}},</p>\n"
     "<p>Ihr Konto für {{email}} ist gesperrt.{{#reason}} Der Grund: "
     "{{reason}}{{/reason}}</p>\n"},
    {kSuspended, "fr",
     "<p>Bonjour {{display_name}},</p>\n"
     "<p>Votre compte pour {{email}} est suspendu.{{#reason}} Motif : "
     "{{reason}}{{/reason}}</p>\n"},
    {kSuspended, "es",
     "<p>Hola, {{display_name}}:</p>\n"
     "<p>Tu cuenta para {{email}} está suspendida.{{#reason}} Motivo: "
     "{{reason}}{{/reason}}</p>\n"},
    {kSuspended, "pt",
     "<p>Olá, {{display_name}},</p>\n"
     "<p>A sua conta para {{email}} está suspensa.{{#reason}} Motivo: "
     "{{reason}}{{/reason}}</p>\n"},
    {kSuspended, "ja",
     "<p>{{display_name}} さん</p>\n"
     "<p>{{email}} "
     "のアカウントは停止されました。{{#reason}}理由：{{reason}}{{/reason}}</"
     "p>\n"},
    {kReinstated, "en",
     "<p>Hello {{display_name}},</p>\n"
     "<p>Your account for {{email}} can be used again.</p>\n"},
    {kReinstated, "de",
     "<p>Guten Tag, {{display_name}},</p>\n"
     "<p>Ihr Konto für {{email}} ist wieder freigegeben.</p>\n"},
    {kReinstated, "fr",
     "<p>Bonjour {{display_name}},</p>\n"
     "<p>Votre compte pour {{email}} est de nouveau actif.</p>\n"},
    {kReinstated, "es",
     "<p>Hola, {{display_name}}:</p>\n"
     "<p>Tu cuenta para {{email}} vuelve a estar activa.</p>\n"},
    {kReinstated, "pt",
     "<p>Olá, {{display_name}},</p>\n"
     "<p>A sua conta para {{email}} está ativa de novo.</p>\n"},
    {kReinstated, "ja",
     "<p>{{display_name}} さん</p>\n"
     "<p>{{email}} のアカウントは再び利用できます。</p>\n"},
    {kPasswordChanged, "en",
     "<p>Hello {{display_name}},</p>\n"
     "<p>The password of your account for {{email}} was changed. If this was "
     "not you, tell us at once.</p>\n"},
    {kPasswordChanged, "de",
     "<p>Guten Tag, {{display_name}},</p>\n"
     "<p>Das Passwort Ihres Kontos für {{email}} wurde geändert. Falls Sie das "
     "nicht waren, melden Sie sich bitte sofort bei uns.</p>\n"},
    {kPasswordChanged, "fr",
     "<p>Bonjour {{display_name}},</p>\n"
     "<p>Le mot de passe de votre compte pour {{email}} a été modifié. Si ce "
     "n’était pas vous, prévenez-nous immédiatement.</p>\n"},
    {kPasswordChanged, "es",
     "<p>Hola, {{display_name}}:</p>\n"
     "<p>La contraseña de tu cuenta para {{email}} ha cambiado. Si no fuiste "
     "tú, avísanos de inmediato.</p>\n"},
    {kPasswordChanged, "pt",
     "<p>Olá, {{display_name}},</p>\n"
     "<p>A senha da sua conta para {{email}} foi alterada. Se não foi você, "
     "avise-nos imediatamente.</p>\n"},
    {kPasswordChanged, "ja",
     "<p>{{display_name}} さん</p>\n"
     "<p>{{email}} "
     "のアカウントのパスワードが変更されました。お心当たりがない場合は、すぐに"
     "ご連絡ください。</p>\n"},
};

// The event that each is rendered with.
std::string DataTypeOf(std::string_view name) {
  const google::protobuf::Descriptor* type =
      name == kWelcome      ? ::users::v1::UserCreated::descriptor()
      : name == kSuspended  ? ::users::v1::UserSuspended::descriptor()
      : name == kReinstated ? ::users::v1::UserReinstated::descriptor()
                            : ::users::v1::UserPasswordChanged::descriptor();
  return type->full_name();
}

}  // namespace

void SeedTemplates(store::Tx& tx, absl::Time now) {
  for (const Seed& seed : kSeeds) {
    // Also one that was erased is not new.
    if (TryFindHead(tx, seed.name, seed.locale)) continue;
    const Target target = {
        .name = seed.name, .locale = seed.locale, .etag = "", .now = now};
    TemplateVersion draft;
    draft.body = seed.body;
    draft.data_type = DataTypeOf(seed.name);
    const int64_t version = AddDraft(tx, target, draft).version.version;
    Publish(tx, target, version);
  }
}

}  // namespace millrace::templates
