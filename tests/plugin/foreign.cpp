// A library whose tag says that it was built for another interface: must be refused before any C++ of it runs.
extern "C" {
struct ft_recipe_tag {
  int interface_version;
  const char* compiler;
  const char* libtorch;
  const char* name;
  const char* version;
};
extern const ft_recipe_tag ft_recipe_tag_v1;
const ft_recipe_tag ft_recipe_tag_v1 = {999, "other", "1.0", "foreign", "1"};
void* ft_recipe_create_v1() { __builtin_trap(); }
}
