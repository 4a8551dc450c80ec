/// By what right a writer adds segments to a store.
enum StoreHold {
    /// It holds the store itself.
    case own(StoreKeeper)
    /// Another process does, and lets it.
    case lent(ImportTicket)

    var directory: StoreDirectory {
        switch self {
        case .own(let keeper): keeper.directory
        case .lent(let ticket): ticket.directory
        }
    }

    var numbers: SegmentNumbers {
        switch self {
        case .own(let keeper): keeper.numbers
        case .lent(let ticket): ticket.numbers
        }
    }

    var book: RateBook {
        switch self {
        case .own(let keeper): keeper.book
        case .lent(let ticket): ticket.book
        }
    }

    /// The store as it was when the right was given.
    var manifest: Manifest {
        switch self {
        case .own(let keeper): keeper.manifest
        case .lent(let ticket): ticket.manifest
        }
    }

    var notices: [StoreNotice] {
        switch self {
        case .own(let keeper): keeper.notices
        case .lent: []
        }
    }

    func close() {
        switch self {
        case .own(let keeper): keeper.close()
        case .lent(let ticket): ticket.close()
        }
    }
}
