# SPDX-License-Identifier: BSD-3-Clause
# Installing rmesim, and a Debian package of it. The program looks for its KVM builds in ../lib/rmesim and for
# preludes in ../share/rmesim, seen from where it is, so that a moved tree works.

if(NOT TARGET rmesim)
  return()
endif()
include(GNUInstallDirs)
set(rmesim_datadir ${CMAKE_INSTALL_DATADIR}/rmesim)

# The manual page and the completions are made by the program from its table of commands.
set(made ${CMAKE_BINARY_DIR}/share/made)
file(MAKE_DIRECTORY ${made})
foreach(document IN ITEMS man bash zsh)
  add_custom_command(OUTPUT ${made}/${document} VERBATIM
    COMMAND ${CMAKE_COMMAND} -E env ASAN_OPTIONS=detect_leaks=0 sh -c
      "\"$1\" docs \"$2\" >\"$3.new\" && mv \"$3.new\" \"$3\"" sh $<TARGET_FILE:rmesim> ${document} ${made}/${document}
    DEPENDS rmesim)
  list(APPEND made_files ${made}/${document})
endforeach()
add_custom_target(rmesim_documents ALL DEPENDS ${made_files})

# The program and its KVM builds are installed where they are built from, for each kind in its own place.
install(DIRECTORY ${CMAKE_SOURCE_DIR}/scenarios ${CMAKE_SOURCE_DIR}/preludes ${CMAKE_SOURCE_DIR}/examples
  ${CMAKE_SOURCE_DIR}/schema DESTINATION ${rmesim_datadir})
install(FILES ${made}/man DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 RENAME rmesim.1)
install(FILES ${made}/bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME rmesim)
install(FILES ${made}/zsh DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions RENAME _rmesim)
install(FILES ${CMAKE_SOURCE_DIR}/README.md DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/rmesim)
install(FILES ${CMAKE_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/rmesim RENAME copyright)
install(DIRECTORY ${CMAKE_SOURCE_DIR}/docs DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/rmesim
  FILES_MATCHING PATTERN "*.md" PATTERN "*.txt")

set(CPACK_PACKAGE_NAME rmesim)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_CONTACT "the authors of rmesim <rmesim@example.org>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "runs the host side of Arm CCA in one process")
set(CPACK_PACKAGE_DESCRIPTION
  "KVM's Realm memory management, driven by scenarios over a model of the Realm Management Monitor (RMM).")
set(CPACK_RESOURCE_FILE_LICENSE ${CMAKE_SOURCE_DIR}/LICENSE)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES OFF)
set(CPACK_GENERATOR DEB)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION devel)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
find_program(DPKG_SHLIBDEPS dpkg-shlibdeps)
if(DPKG_SHLIBDEPS)
  set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
else()
  set(CPACK_DEBIAN_PACKAGE_DEPENDS "libc6, libdw1, libglib2.0-0, libjson-glib-1.0-0, libssl3, libyaml-0-2")
endif()
# For kvm-build.
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "gcc, libc6-dev")
include(CPack)
