//! How reasons are declared.

/// Declares the reasons of one actor: a function each, and the list `REASONS` that the catalogue test walks.
///
/// ```
/// orchestrion::reasons! { "replicaset":
///     /// Fewer pods exist than are wanted.
///     too_few(want, have),
///     /// Nothing can be done about it: people are warned.
///     warning cannot_create(message),
/// }
/// # fn main() {
/// assert_eq!(too_few(3, 1).reason.key, "replicaset.too_few");
/// assert_eq!(REASONS.len(), 2);
/// # }
/// ```
#[macro_export]
macro_rules! reasons {
    ($room:literal: $($rest:tt)*) => { $crate::reasons!(@ $room [] $($rest)*); };
    (@ $room:literal [$($done:tt)*] $(#[$doc:meta])* warning $name:ident ( $($arg:ident),* ) $(, $($rest:tt)*)?) => {
        $crate::reasons!(@one $room true [$(#[$doc])*] $name $($arg)*);
        $crate::reasons!(@ $room [$($done)* ($name true $($arg)*)] $($($rest)*)?);
    };
    (@ $room:literal [$($done:tt)*] $(#[$doc:meta])* $name:ident ( $($arg:ident),* ) $(, $($rest:tt)*)?) => {
        $crate::reasons!(@one $room false [$(#[$doc])*] $name $($arg)*);
        $crate::reasons!(@ $room [$($done)* ($name false $($arg)*)] $($($rest)*)?);
    };
    (@ $room:literal [$(($name:ident $warning:literal $($arg:ident)*))*]) => {
        /// Every reason declared here.
        pub const REASONS: &[$crate::journal::Reason] = &[$(
            $crate::journal::Reason {
                key: concat!($room, ".", stringify!($name)),
                args: &[$(stringify!($arg)),*],
                warning: $warning,
            }
        ),*];
    };
    (@one $room:literal $warning:literal [$(#[$doc:meta])*] $name:ident $($arg:ident)*) => {
        $(#[$doc])*
        #[must_use]
        pub fn $name($($arg: impl Into<$crate::journal::Arg>),*) -> $crate::journal::Why {
            static REASON: $crate::journal::Reason = $crate::journal::Reason {
                key: concat!($room, ".", stringify!($name)),
                args: &[$(stringify!($arg)),*],
                warning: $warning,
            };
            let args: Vec<$crate::journal::Arg> = vec![$($arg.into()),*];
            $crate::journal::Why { reason: &REASON, args: args.into() }
        }
    };
}
