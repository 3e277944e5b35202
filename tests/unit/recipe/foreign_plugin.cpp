// Libraries that must be refused before any of their code runs; what is wrong with one is defined where it is built.

#include "framework/recipe/recipe.h"

#ifndef FOREIGN_INTERFACE
#define FOREIGN_INTERFACE ::ft::kRecipeInterface
#endif
#ifndef FOREIGN_COMPILER
#define FOREIGN_COMPILER FT_COMPILER_TAG
#endif
#ifndef FOREIGN_LIBTORCH
#define FOREIGN_LIBTORCH FT_LIBTORCH_VERSION
#endif

extern "C" {
#ifndef FOREIGN_NO_TAG
extern const ft::ft_recipe_tag ft_recipe_tag_v1;
const ft::ft_recipe_tag ft_recipe_tag_v1 = {FOREIGN_INTERFACE, FOREIGN_COMPILER, FOREIGN_LIBTORCH, "foreign", "1"};
#endif
#ifndef FOREIGN_NO_CREATE
ft::Recipe* ft_recipe_create_v1() { __builtin_trap(); }
#endif
}
