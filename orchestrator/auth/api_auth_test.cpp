#include "orchestrator/auth/api_auth.h"

#include <gtest/gtest.h>

namespace sluice::auth {
namespace {

config::Config both() {
  config::Config config;
  config.edit_auth = config::Credentials{"root", "password"};
  config.view_auth = config::Credentials{"guest", "look:here"};
  return config;
}

TEST(ApiAuth, IsOpenWhenNothingIsConfigured) {
  const ApiAuth auth{config::Config()};
  EXPECT_EQ(auth.check("", true), Verdict::kAllowed);
  EXPECT_EQ(auth.check("Basic nonsense", false), Verdict::kAllowed);
}

TEST(ApiAuth, TakesBasicAndBearer) {
  const ApiAuth auth(both());
  EXPECT_EQ(auth.check("Basic cm9vdDpwYXNzd29yZA==", true), Verdict::kAllowed);
  EXPECT_EQ(auth.check("Bearer cm9vdDpwYXNzd29yZA==", true), Verdict::kAllowed);
  EXPECT_EQ(auth.check("basic  cm9vdDpwYXNzd29yZA", false), Verdict::kAllowed);
  EXPECT_EQ(auth.check("Basic Z3Vlc3Q6bG9vazpoZXJl", false), Verdict::kAllowed);  // a colon in the password
}

TEST(ApiAuth, AViewerMayNotWrite) {
  const ApiAuth auth(both());
  EXPECT_EQ(auth.check("Basic Z3Vlc3Q6bG9vazpoZXJl", true), Verdict::kForbidden);
}

TEST(ApiAuth, TellsNoCredentialsFromWrongOnes) {
  const ApiAuth auth(both());
  EXPECT_EQ(auth.check("", false), Verdict::kUnknown);
  for (const char* wrong : {"Basic cm9vdDpwYXNzd29yZQ==", "Basic cm9vdA==", "Basic", "Basic ", "Basic !!!!",
                            "Basic A", "Digest cm9vdDpwYXNzd29yZA==", "cm9vdDpwYXNzd29yZA==",
                            "Basic cm9vdDpwYXNzd29yZGNtOXZkRHB3WVhOemQyOXla"})
    EXPECT_EQ(auth.check(wrong, false), Verdict::kForbidden) << wrong;
  EXPECT_EQ(auth.check("Basic " + std::string(100'000, 'A'), false), Verdict::kForbidden);
}

TEST(ApiAuth, OneDirectiveGuardsEverything) {
  config::Config only_edit;
  only_edit.edit_auth = config::Credentials{"root", "password"};
  EXPECT_EQ(ApiAuth(only_edit).check("", false), Verdict::kUnknown);
  config::Config only_view;
  only_view.view_auth = config::Credentials{"root", "password"};
  EXPECT_EQ(ApiAuth(only_view).check("Basic cm9vdDpwYXNzd29yZA==", false), Verdict::kAllowed);
  EXPECT_EQ(ApiAuth(only_view).check("", false), Verdict::kUnknown);
}

}  // namespace
}  // namespace sluice::auth
