import ArgumentParser

/// Runs what a command does: an error is one line and exit code 1, wrong usage ArgumentParser's to say,
/// a closed pipe success.
func runCommand(_ body: () throws -> Void) throws {
    StandardStreams.ignoreBrokenPipes()
    do {
        try body()
    } catch is ClosedPipe {
        return
    } catch let code as ExitCode {
        throw code
    } catch let error as ValidationError {
        throw error
    } catch {
        StandardStreams.say("\(error)")
        throw ExitCode.failure
    }
}
