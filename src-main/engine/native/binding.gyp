{
  'targets': [
    {
      'target_name': 'grpo_native',
      'sources': [
        "<!@(node -p \"require('fs').readdirSync('src',{recursive:true}).filter(f=>f.endsWith('.cc')).map(f=>'src/'+f.split(require('path').sep).join('/')).sort().join(' ')\")",
      ],
      'include_dirs': ['src', "<!(node -p \"require('node-addon-api').include_dir\")"],
      'defines': ['NAPI_VERSION=8', 'NODE_ADDON_API_DISABLE_DEPRECATED', 'NAPI_DISABLE_CPP_EXCEPTIONS'],
      # Instruction sets are chosen at run time (src/isa.h), so no -march here. Contraction is off: a * b + c rounds twice
      # unless the source says Fma, on every compiler.
      'cflags_cc': ['-std=c++17', '-O3', '-ffp-contract=off', '-fno-math-errno', '-fvisibility=hidden', '-Wall', '-Wextra'],
      'conditions': [
        # GCC 12 warns about its own AVX-512 headers.
        ["OS=='linux'", {'cflags_cc': ['-Wno-uninitialized', '-Wno-maybe-uninitialized']}],
        ["OS=='mac'", {
          'xcode_settings': {
            'CLANG_CXX_LANGUAGE_STANDARD': 'c++17',
            'CLANG_CXX_LIBRARY': 'libc++',
            'GCC_OPTIMIZATION_LEVEL': '3',
            'GCC_SYMBOLS_PRIVATE_EXTERN': 'YES',
            'MACOSX_DEPLOYMENT_TARGET': '12.0',
            'OTHER_CPLUSPLUSFLAGS': ['-ffp-contract=off', '-fno-math-errno'],
          },
        }],
        ["OS=='win'", {
          'msvs_settings': {
            'VCCLCompilerTool': {'AdditionalOptions': ['/std:c++17', '/O2', '/fp:precise', '/EHsc']},
          },
        }],
      ],
    },
  ],
}
